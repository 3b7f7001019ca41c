import { Failed, type Meter } from "./meter.ts";

/**
 * Regular expressions in the dialect of CEL (RE2): no back-references, no look-around. Matching follows all
 * alternatives at once, so its time grows with text × pattern and never explodes.
 */
export function matchesRegex(pattern: string, text: string, meter: Meter): boolean {
  const program = compile(pattern);
  const end = program.length - 1;
  const chars = [...text];
  let reached = new Set<number>();
  for (let i = 0; i <= chars.length; i += 1) {
    const before = i === 0 ? "" : chars[i - 1]!;
    const char = i === chars.length ? "" : chars[i]!;
    // The pattern may match anywhere: a new attempt begins at every place.
    reached.add(0);
    const threads = follow(program, reached, before, char);
    if (threads.has(end)) return true;
    meter.spend(1 + (threads.size >> 3));
    reached = new Set();
    for (const at of threads) {
      const instruction = program[at]!;
      if (instruction.op === "char" && char !== "" && instruction.test(char)) reached.add(at + 1);
    }
  }
  return false;
}

type Test = (char: string) => boolean;
type Instruction =
  | { op: "char"; test: Test }
  /** Goes on at each of these distances; relative, so that a piece of a program can be repeated as it is. */
  | { op: "jump"; by: number[] }
  | { op: "assert"; holds: (before: string, after: string) => boolean }
  | { op: "match" };

/** All places that can be reached without taking a character. */
function follow(program: Instruction[], from: Set<number>, before: string, after: string): Set<number> {
  const seen = new Set<number>();
  const open = [...from];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    if (seen.has(at)) continue;
    seen.add(at);
    const instruction = program[at]!;
    if (instruction.op === "jump") for (const by of instruction.by) open.push(at + by);
    if (instruction.op === "assert" && instruction.holds(before, after)) open.push(at + 1);
  }
  return seen;
}

const PATTERN_MAX = 1_000;
const PROGRAM_MAX = 2_000;
const KEPT_MAX = 500;
const kept = new Map<string, Instruction[]>();

function compile(pattern: string): Instruction[] {
  const known = kept.get(pattern);
  if (known !== undefined) return known;
  if (pattern.length > PATTERN_MAX) throw new Failed(`the regular expression is longer than ${PATTERN_MAX} characters`);
  const program = new Compiler(pattern).compile();
  if (kept.size >= KEPT_MAX) kept.clear();
  kept.set(pattern, program);
  return program;
}

class Compiler {
  private readonly chars: string[];
  private at = 0;
  private ignoreCase = false;
  private depth = 0;

  constructor(pattern: string) {
    this.chars = [...pattern];
  }

  compile(): Instruction[] {
    if (this.takeText("(?i)")) this.ignoreCase = true;
    const body = this.alternatives();
    if (this.at < this.chars.length) throw this.bad(`"${this.chars[this.at]}" at ${this.at}`);
    return [...body, { op: "match" }];
  }

  private alternatives(): Instruction[] {
    this.depth += 1;
    if (this.depth > 50) throw this.bad("groups are nested too deeply");
    let left = this.sequence();
    while (this.take("|")) {
      const right = this.sequence();
      left = join(jump(1, left.length + 2), left, jump(right.length + 1), right);
      this.limit(left);
    }
    this.depth -= 1;
    return left;
  }

  private sequence(): Instruction[] {
    const all: Instruction[] = [];
    while (this.at < this.chars.length && this.peek() !== "|" && this.peek() !== ")") {
      all.push(...this.repeated(this.atom()));
      this.limit(all);
    }
    return all;
  }

  private repeated(atom: Instruction[]): Instruction[] {
    const [least, most] = this.quantifier() ?? [1, 1];
    if (least === 1 && most === 1) return atom;
    if (atom.length * (most === Infinity ? least + 1 : most) > PROGRAM_MAX) throw this.bad("it repeats too much");
    const pieces: Instruction[][] = Array.from({ length: least }, () => atom);
    if (most === Infinity) pieces.push(join(jump(1, atom.length + 2), atom, jump(-atom.length - 1)));
    else for (let i = least; i < most; i += 1) pieces.push(join(jump(1, atom.length + 1), atom));
    return join(...pieces);
  }

  private quantifier(): [number, number] | undefined {
    const counts = this.counts();
    if (counts === undefined) return undefined;
    // A lazy quantifier finds a shorter match, not another answer to "does it match".
    this.take("?");
    if (this.counts() !== undefined) throw this.bad("a quantifier after a quantifier");
    return counts;
  }

  private counts(): [number, number] | undefined {
    if (this.take("*")) return [0, Infinity];
    if (this.take("+")) return [1, Infinity];
    if (this.take("?")) return [0, 1];
    const counted = /^\{(\d{1,4})(,(\d{0,4}))?\}/.exec(this.chars.slice(this.at, this.at + 12).join(""));
    if (counted === null) return undefined;
    this.at += counted[0].length;
    const least = Number(counted[1]);
    const most = counted[2] === undefined ? least : counted[3] === "" ? Infinity : Number(counted[3]);
    if (most < least) throw this.bad(counted[0]);
    return [least, most];
  }

  private atom(): Instruction[] {
    const char = this.chars[this.at++]!;
    switch (char) {
      case "(":
        return this.group();
      case "[":
        return [{ op: "char", test: this.set() }];
      case ".":
        return [{ op: "char", test: (c) => c !== "\n" }];
      case "^":
        return [{ op: "assert", holds: (before) => before === "" }];
      case "$":
        return [{ op: "assert", holds: (_, after) => after === "" }];
      case "\\":
        return [this.escape()];
      case "*":
      case "+":
      case "?":
        throw this.bad(`"${char}" repeats nothing`);
      default:
        return [{ op: "char", test: this.literal(char) }];
    }
  }

  private group(): Instruction[] {
    if (this.peek() === "?" && !this.takeText("?:") && !this.takeName()) {
      throw this.bad("look-around and flags inside are not supported");
    }
    const body = this.alternatives();
    if (!this.take(")")) throw this.bad("a group is not closed");
    return body;
  }

  private takeName(): boolean {
    const name = /^\?P?<\w+>/.exec(this.chars.slice(this.at, this.at + 60).join(""));
    if (name !== null) this.at += name[0].length;
    return name !== null;
  }

  private escape(): Instruction {
    const char = this.chars[this.at];
    if (char === "b" || char === "B") {
      this.at += 1;
      const wanted = char === "b";
      return { op: "assert", holds: (before, after) => (isWord(before) !== isWord(after)) === wanted };
    }
    return { op: "char", test: this.escapedTest() };
  }

  private escapedTest(): Test {
    const char = this.chars[this.at++];
    if (char === undefined) throw this.bad("it ends with a backslash");
    const shared = CLASSES[char];
    if (shared !== undefined) return shared;
    const control = CONTROLS[char];
    if (control !== undefined) return this.literal(control);
    if (/[a-zA-Z0-9]/.test(char)) throw this.bad(`\\${char} is not supported`);
    return this.literal(char);
  }

  private set(): Test {
    const negated = this.take("^");
    const tests: Test[] = [];
    for (let first = true; first || this.peek() !== "]"; first = false) {
      if (this.peek() === undefined) throw this.bad("a set is not closed");
      tests.push(this.setItem());
    }
    this.at += 1;
    return (char) => tests.some((test) => test(char)) !== negated;
  }

  private setItem(): Test {
    if (this.take("\\")) return this.escapedTest();
    const from = this.chars[this.at++]!;
    const isRange = this.peek() === "-" && this.chars[this.at + 1] !== "]" && this.chars[this.at + 1] !== undefined;
    if (!isRange) return this.literal(from);
    this.at += 1;
    this.take("\\");
    const to = this.chars[this.at++];
    if (to === undefined || to < from) throw this.bad(`the range ${from}-${to}`);
    const within: Test = (char) => char >= from && char <= to;
    return this.ignoreCase ? (char) => within(char.toLowerCase()) || within(char.toUpperCase()) : within;
  }

  private literal(char: string): Test {
    if (!this.ignoreCase) return (other) => other === char;
    const lower = char.toLowerCase();
    return (other) => other.toLowerCase() === lower;
  }

  private peek(): string | undefined {
    return this.chars[this.at];
  }

  private take(char: string): boolean {
    if (this.chars[this.at] !== char) return false;
    this.at += 1;
    return true;
  }

  private takeText(text: string): boolean {
    if (this.chars.slice(this.at, this.at + text.length).join("") !== text) return false;
    this.at += text.length;
    return true;
  }

  private limit(program: Instruction[]): void {
    if (program.length > PROGRAM_MAX) throw this.bad("it is too large");
  }

  private bad(why: string): Failed {
    return new Failed(`the regular expression ${JSON.stringify(this.chars.join(""))} cannot be used: ${why}`);
  }
}

const jump = (...by: number[]): Instruction[] => [{ op: "jump", by }];
const join = (...pieces: Instruction[][]): Instruction[] => pieces.flat();

const isWord = (char: string): boolean => /^[A-Za-z0-9_]$/.test(char);
const CONTROLS: Record<string, string> = { n: "\n", r: "\r", t: "\t", f: "\f", v: "\v" };
const CLASSES: Record<string, Test> = {
  d: (char) => char >= "0" && char <= "9",
  D: (char) => !(char >= "0" && char <= "9"),
  w: isWord,
  W: (char) => !isWord(char),
  s: (char) => " \t\n\r\f\v".includes(char),
  S: (char) => !" \t\n\r\f\v".includes(char),
};
