import type { Json, JsonObject } from "@regent/contract";
import { isAlias, isMap, isScalar, isSeq, type Node, type YAMLMap, type YAMLSeq } from "yaml";
import type { Problem } from "./company.ts";
import { type Path, toPointer } from "./yaml-document.ts";

/** Where the parts of a map or list begin in the text. Kept in place of the parser's tree, which is far larger. */
export interface Mark {
  start: number;
  /** In the order of the file; a list has none. */
  names?: string[];
  keys?: number[];
  values: number[];
}
export type Marks = WeakMap<object, Mark>;

const NODES_MAX = 200_000;
const DEPTH_MAX = 60;

type MakeProblem = (offset: number, message: string, suggestion?: string | null, pointer?: string) => Problem;

/** A node as JSON. Aliases are followed, and what they expand to is counted: a bomb of aliases ends as a problem. */
export class YamlReader {
  readonly problems: Problem[] = [];
  readonly marks: Marks = new WeakMap();
  private nodes = 0;
  private readonly anchors = new Map<string, Node>();
  private readonly problem: MakeProblem;

  constructor(problem: MakeProblem) {
    this.problem = problem;
  }

  read(node: unknown, path: Path): Json {
    if (this.problems.length > 0) return null;
    this.nodes += 1;
    if (this.nodes > NODES_MAX) {
      return this.fail(node, path, "The file becomes too large when its aliases are followed.");
    }
    if (path.length > DEPTH_MAX) return this.fail(node, path, `The file is nested more than ${DEPTH_MAX} levels deep.`);
    if (node === null || node === undefined) return null;
    if (isAlias(node)) {
      const target = this.anchors.get(node.source);
      return target === undefined
        ? this.fail(node, path, `No anchor &${node.source} stands before this.`)
        : this.read(target, path);
    }
    const { anchor } = node as { anchor?: string };
    if (anchor !== undefined) this.anchors.set(anchor, node as Node);
    if (isMap(node)) return this.readMap(node, path);
    return isSeq(node) ? this.readList(node, path) : this.readScalar(node, path);
  }

  private readList(node: YAMLSeq, path: Path): Json[] {
    const list = node.items.map((item, i) => this.read(item, [...path, i]));
    this.marks.set(list, { start: offsetOf(node), values: node.items.map(offsetOf) });
    return list;
  }

  private readMap(node: YAMLMap, path: Path): JsonObject {
    const map: JsonObject = {};
    const mark = { start: offsetOf(node), names: [] as string[], keys: [] as number[], values: [] as number[] };
    this.marks.set(map, mark);
    for (const { key, value } of node.items) {
      if (!isScalar(key)) {
        this.fail(key, path, "A key must be plain text.");
        return map;
      }
      const name = String(key.value ?? "");
      if (Object.hasOwn(map, name)) {
        const { line, column } = this.problem(mark.keys[mark.names.indexOf(name)]!, "");
        const message = `The key "${name}" stands here twice; the first is in line ${line}, column ${column}.`;
        this.fail(key, [...path, name], message, "remove one");
        return map;
      }
      const at = [...path, name];
      if (this.readText(key, at, name) === null) return map;
      mark.names.push(name);
      mark.keys.push(offsetOf(key));
      mark.values.push(value === null ? offsetOf(key) : offsetOf(value));
      const made = this.read(value, at);
      if (name !== "__proto__") map[name] = made;
      else Object.defineProperty(map, name, { value: made, enumerable: true, configurable: true, writable: true });
    }
    return map;
  }

  private readScalar(node: unknown, path: Path): Json {
    const value = isScalar(node) ? node.value : undefined;
    if (typeof value === "string") return this.readText(node, path, value);
    if (value === null || typeof value === "boolean") return value;
    if (typeof value === "number" && Number.isFinite(value)) return value;
    return this.fail(node, path, "This value cannot be written as JSON.", "put it in quotes");
  }

  /** What the database and JSON of other programs could not hold. */
  private readText(node: unknown, path: Path, value: string): string | null {
    if (value.includes("\u0000")) return this.fail(node, path, "The text holds a zero character.");
    if (!value.isWellFormed()) return this.fail(node, path, "The text holds half a surrogate pair.");
    return value;
  }

  private fail(node: unknown, path: Path, message: string, suggestion: string | null = null): null {
    this.problems.push(this.problem(offsetOf(node), message, suggestion, toPointer(path)));
    return null;
  }
}

const offsetOf = (node: unknown): number => (node as Node | null)?.range?.[0] ?? 0;
