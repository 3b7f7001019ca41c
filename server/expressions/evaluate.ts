import { callFunction, callMethod } from "./functions.ts";
import { Failed, Meter } from "./meter.ts";
import { calculate } from "./operators.ts";
import { print } from "./print.ts";
import type { Node } from "./syntax.ts";
import { getOwn, isMap, Maybe, setOwn, typeOf, type Value, type ValueObject } from "./values.ts";

/** Names in scope: the given ones, and variables of comprehensions around the place that is evaluated. */
interface Scope {
  get(name: string): Value;
}

/** @throws Failed, Exhausted */
export function evaluateNode(node: Node, given: Readonly<Record<string, unknown>>): Value {
  return new Evaluation(new Meter()).run(node, { get: (name) => getOwn(given, name) });
}

class Evaluation {
  private readonly meter: Meter;
  constructor(meter: Meter) {
    this.meter = meter;
  }

  run(node: Node, scope: Scope): Value {
    this.meter.spend(1);
    switch (node.kind) {
      case "value":
        return node.value;
      case "name":
        return scope.get(node.name);
      case "field":
        return this.select(node.of, this.run(node.of, scope), node.name, node.optional);
      case "index":
        return this.select(node.of, this.run(node.of, scope), this.run(node.index, scope), node.optional);
      case "has":
        return this.has(node.of, scope);
      case "call":
        return callFunction(node.name, this.runAll(node.args, scope), this.contextOf(node, node.args));
      case "method":
        return this.method(node, scope);
      case "list":
        return this.runAll(node.items, scope);
      case "map":
        return this.map(node.entries, scope);
      case "if":
        return this.run(this.test(node.test, scope, "`? :`") ? node.yes : node.no, scope);
      case "logic":
        return this.logic(node, scope);
      case "not":
        return !this.test(node.of, scope, "`!`");
      case "negate":
        return calculate("-", 0, this.needed(node.of, scope, "-"), this.contextOf(node, [node.of, node.of]));
      case "binary":
        return this.binary(node, scope);
      case "each":
        return this.each(node, scope);
      case "bind":
        return this.run(node.body, this.within(scope, node.variable, this.run(node.value, scope)));
    }
  }

  private runAll(nodes: Node[], scope: Scope): Value[] {
    return nodes.map((node) => this.run(node, scope));
  }

  private contextOf(node: Node, operands: Node[]) {
    return { meter: this.meter, source: () => print(node), operand: (i: number) => print(operands[i]!) };
  }

  /** A missing field is null, and so is a field of null; a field of a text or a number is a mistake. */
  private select(of: Node, value: Value, key: Value, optional: boolean): Value {
    if (value instanceof Maybe) {
      return new Maybe(value.value === undefined ? undefined : this.find(of, value.value, key));
    }
    const found = this.find(of, value, key);
    return optional ? new Maybe(found) : found;
  }

  private find(of: Node, value: Value, key: Value): Value {
    if (value === null) return null;
    if (Array.isArray(value) && typeof key === "number") return value[key] ?? null;
    if (isMap(value) && typeof key === "string") return getOwn(value, key);
    const what = typeof key === "string" ? `field "${key}"` : `item [${typeOf(key)}]`;
    throw new Failed(`\`${print(of)}\` is a ${typeOf(value)} and has no ${what}`);
  }

  /** True when there is something other than null. Looks into what is there without failing on the way. */
  private has(of: Node, scope: Scope): Value {
    try {
      const value = this.run(of, scope);
      return value instanceof Maybe ? value.value !== undefined : value !== null;
    } catch (error) {
      if (error instanceof Failed) return false;
      throw error;
    }
  }

  private method(node: Node & { kind: "method" }, scope: Scope): Value {
    const receiver = this.run(node.of, scope);
    if (receiver === null) throw this.isNull(node.of, `.${node.name}()`);
    // The default of an optional is only evaluated when it is needed.
    if (receiver instanceof Maybe && node.name === "orValue" && node.args.length === 1) {
      return receiver.value ?? this.run(node.args[0]!, scope);
    }
    const context = this.contextOf(node, [node.of, ...node.args]);
    return callMethod(node.name, receiver, this.runAll(node.args, scope), context);
  }

  private map(entries: [Node, Node][], scope: Scope): Value {
    const map: ValueObject = {};
    for (const [keyNode, itemNode] of entries) {
      const key = this.run(keyNode, scope);
      if (typeof key !== "string")
        throw new Failed(`a map's key must be text, and \`${print(keyNode)}\` is a ${typeOf(key)}`);
      setOwn(map, key, this.run(itemNode, scope));
    }
    return map;
  }

  private test(node: Node, scope: Scope, where: string): boolean {
    const value = this.run(node, scope);
    if (typeof value === "boolean") return value;
    if (value === null) throw this.isNull(node, where);
    throw new Failed(`${where} needs true or false, and \`${print(node)}\` is a ${typeOf(value)}`);
  }

  /** As CEL has it: a side that decides absorbs the failure of the other, in either order. */
  private logic(node: Node & { kind: "logic" }, scope: Scope): boolean {
    const decides = node.operator === "||";
    const where = `\`${node.operator}\``;
    let failed: Failed;
    try {
      const left = this.test(node.left, scope, where);
      return left === decides ? left : this.test(node.right, scope, where);
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      failed = error;
    }
    if (this.decidesAlone(node.right, scope, where, decides)) return decides;
    throw failed;
  }

  private decidesAlone(node: Node, scope: Scope, where: string, decides: boolean): boolean {
    try {
      return this.test(node, scope, where) === decides;
    } catch (error) {
      if (error instanceof Failed) return false;
      throw error;
    }
  }

  private binary(node: Node & { kind: "binary" }, scope: Scope): Value {
    const { operator } = node;
    const isEquality = operator === "==" || operator === "!=";
    // `x == null` asks whether x is there; any other use of null is a missing value that nobody thought of.
    const asksForNull = isEquality && (isNullLiteral(node.left) || isNullLiteral(node.right));
    const left = asksForNull ? this.run(node.left, scope) : this.needed(node.left, scope, operator);
    const right = asksForNull ? this.run(node.right, scope) : this.needed(node.right, scope, operator);
    return calculate(operator, left, right, this.contextOf(node, [node.left, node.right]));
  }

  private needed(node: Node, scope: Scope, operator: string): Value {
    const value = this.run(node, scope);
    if (value === null) throw this.isNull(node, `\`${operator}\``);
    return value;
  }

  private isNull(node: Node, where: string): Failed {
    const source = print(node);
    const isPath = node.kind === "field" || node.kind === "index" || node.kind === "name";
    return new Failed(
      `\`${source}\` is null, and ${where} needs a value${isPath ? ` (ask first with has(${source}))` : ""}`,
    );
  }

  private each(node: Node & { kind: "each" }, scope: Scope): Value {
    const items = this.itemsOf(node.of, this.run(node.of, scope), node.verb);
    const inside = (item: Value): Scope => this.within(scope, node.variable, item);
    const holds = (item: Value): boolean => this.test(node.args[0]!, inside(item), `.${node.verb}()`);
    switch (node.verb) {
      case "filter":
        return items.filter(holds);
      case "exists_one":
        return items.filter(holds).length === 1;
      case "exists":
        return this.anyIs(true, items, holds);
      case "all":
        return !this.anyIs(false, items, holds);
      case "map": {
        const chosen = node.args.length === 2 ? items.filter(holds) : items;
        return chosen.map((item) => this.run(node.args.at(-1)!, inside(item)));
      }
    }
  }

  private itemsOf(node: Node, value: Value, verb: string): Value[] {
    if (Array.isArray(value)) return value;
    if (value === null) throw this.isNull(node, `.${verb}()`);
    if (isMap(value)) return Object.keys(value);
    throw new Failed(`\`${print(node)}\` is a ${typeOf(value)}, and .${verb}() needs a list or a map`);
  }

  /** An item that decides absorbs the failures of others. */
  private anyIs(wanted: boolean, items: Value[], holds: (item: Value) => boolean): boolean {
    let failed: Failed | undefined;
    for (const item of items) {
      try {
        if (holds(item) === wanted) return true;
      } catch (error) {
        if (!(error instanceof Failed)) throw error;
        failed ??= error;
      }
    }
    if (failed !== undefined) throw failed;
    return false;
  }

  private within(scope: Scope, variable: string, value: Value): Scope {
    return { get: (name) => (name === variable ? value : scope.get(name)) };
  }
}

const isNullLiteral = (node: Node): boolean => node.kind === "value" && node.value === null;
