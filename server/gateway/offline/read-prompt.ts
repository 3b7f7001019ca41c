/** Tells what is asked from what it is asked about, in the messages of a request. */
import type { ModelMessage } from "../gateway.ts";
import { OFFLINE_MARK } from "./mark.ts";

export interface Prompt {
  /** What the model is to do, with its role. */
  task: string;
  /** What it is to do it with: data blocks, or the long part of the prompt. */
  material: string;
  /** The material's parts by name, when it was given as an object. */
  parts: Record<string, string>;
}

export function readPrompt(messages: ModelMessage[]): Prompt {
  const system = messages.filter(({ role }) => role === "system").map(({ content }) => content);
  const user = messages.filter(({ role }) => role === "user").map(({ content }) => content);
  const { blocks, outside } = takeDataBlocks(user.join("\n\n").replaceAll(OFFLINE_MARK, "").slice(0, TEXT_MAX));
  const { task, rest } = blocks.length > 0 && outside.length < 4_000 ? { task: outside, rest: "" } : split(outside);
  const given = [rest, ...blocks].filter((text) => text.trim() !== "");
  const [only] = given;
  return {
    task: [task, ...system].join("\n"),
    material: given.map(toPlain).join("\n\n").trim(),
    parts: given.length === 1 && only !== undefined ? toParts(only) : {},
  };
}

const TEXT_MAX = 1_000_000;

/** How agents mark data: the hex digits are of the content, so that the content cannot close its own mark. */
function takeDataBlocks(text: string): { blocks: string[]; outside: string } {
  const open = /<data-([0-9a-f]{8,64}) name="[^"\n]{0,100}"[^>\n]{0,100}>\n/g;
  const blocks: string[] = [];
  let outside = "";
  let at = 0;
  for (let tried = 0; tried < 100; tried += 1) {
    open.lastIndex = at;
    const found = open.exec(text);
    if (!found) break;
    const from = found.index + found[0].length;
    const close = text.indexOf(`\n</data-${found[1]}>`, from - 1);
    if (close < 0) break;
    outside += text.slice(at, found.index);
    blocks.push(text.slice(from, Math.max(from, close)));
    at = close + `\n</data-${found[1]}>`.length;
  }
  return { blocks, outside: (outside + text.slice(at)).trim() };
}

/** The first paragraph, and what follows it as long as it speaks like a task, is the task. */
function split(text: string): { task: string; rest: string } {
  const parts = text.split(/\n\s*\n/);
  let count = 1;
  while (count < 6 && (parts[count]?.length ?? Number.POSITIVE_INFINITY) < 600 && isTask(parts[count])) count += 1;
  const material = parts.slice(count).join("\n\n");
  const [first = "", ...rest] = text.split("\n");
  if (material === "" && rest.length > 1) return { task: first, rest: rest.join("\n") };
  return { task: parts.slice(0, count).join("\n"), rest: material || text };
}

const isTask = (text = ""): boolean =>
  /^(\s*[-*\d.]*\s*)(write|answer|give|list|use|return|keep|do not|don't|be|name|say|find|make|classify|summari[sz]e|review|decide|choose)\b/i.test(
    text,
  );

/** A value rendered as JSON text reads better as lines. */
function toPlain(text: string): string {
  const value = parseJson(text);
  return value === undefined ? text : toLines(value).join("\n\n");
}

function toParts(text: string): Record<string, string> {
  const value = parseJson(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) return {};
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name.toLowerCase(), toLines(each).join("\n\n")]),
  );
}

function parseJson(text: string): unknown {
  if (!/^\s*[[{"]/.test(text) || text.length > 500_000) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function toLines(value: unknown, depth = 0): string[] {
  if (depth > 20) return [];
  if (Array.isArray(value)) return value.flatMap((each) => toLines(each, depth + 1));
  if (typeof value !== "object" || value === null) return [String(value)];
  const entries = Object.entries(value);
  const small = entries.filter(([, each]) => isSmall(each));
  const line = toLine(small);
  const rest = entries.filter(([, each]) => !isSmall(each)).flatMap(([name, each]) => toNamed(name, each, depth));
  return line === "" ? rest : [line, ...rest];
}

/** A list of small things is one line, a text stands for itself. */
function toNamed(name: string, value: unknown, depth: number): string[] {
  if (!Array.isArray(value)) return toLines(value, depth + 1);
  const items = value.map((each) => toLines(each, depth + 1).join(", "));
  if (items.length === 0) return [];
  const short = items.length <= 12 && items.every((item) => item.length <= 40 && !item.includes("\n"));
  return short ? [`${name}: ${items.join("; ")}`] : items;
}

/** `{ name: "DE", amount: 900 }` is "DE: 900"; ids that say nothing to a reader are left out. */
function toLine(entries: [string, unknown][]): string {
  const shown = entries.filter(([name]) => !/^(id|commit|sha|hash|digest|uuid)$/i.test(name));
  const [title] = shown.filter(([name]) => /^(name|title|subject|text|label)$/i.test(name));
  const others = shown.filter((entry) => entry !== title);
  const said = others
    .map(([name, each]) => (others.length === 1 && title ? String(each) : `${name}: ${each}`))
    .join(", ");
  if (!title) return said;
  return said === "" ? String(title[1]) : `${title[1]}: ${said}`;
}

const isSmall = (value: unknown): boolean =>
  value === null || typeof value === "number" || typeof value === "boolean" ||
  (typeof value === "string" && value.split(/\s+/).length <= 6 && value.length <= 60); // biome-ignore format: one condition
