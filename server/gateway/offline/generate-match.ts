/**
 * A text that a simple pattern accepts: literals, classes, groups, alternatives, counts and anchors. Look-arounds and
 * back-references are beyond it; the caller tests what comes out.
 */
export function generateMatch(pattern: string, least: number, most: number): string | undefined {
  for (const extra of [0, 1, 2, 4, 8, Math.max(0, least)]) {
    const made = createGenerator(pattern, extra)();
    if (made === undefined) return undefined;
    const grown = grow(made, pattern, least);
    const length = [...grown].length;
    if (length >= least && length <= most) return grown;
  }
  return undefined;
}

/** Without an anchor at the end anything may follow. */
const grow = (text: string, pattern: string, least: number): string =>
  pattern.endsWith("$") ? text : text.padEnd(least, "a");

/** `extra`: how often more than needed each open count is repeated. */
function createGenerator(pattern: string, extra: number): () => string | undefined {
  let at = 0;
  let failed = false;

  const alternatives = (depth: number): string => {
    const first = sequence(depth);
    while (pattern[at] === "|") {
      at += 1;
      sequence(depth);
    }
    return first;
  };

  const sequence = (depth: number): string => {
    let text = "";
    while (!failed && at < pattern.length && pattern[at] !== "|" && pattern[at] !== ")") {
      const piece = atom(depth);
      text += piece.repeat(count());
      if (text.length > 100_000) failed = true;
    }
    return text;
  };

  const atom = (depth: number): string => {
    const char = pattern[at] ?? "";
    at += 1;
    if (char === "^" || char === "$") return "";
    if (char === ".") return "a";
    if (char === "[") return toMember(classAt());
    if (char === "\\") return escaped();
    if (char !== "(") return char;
    if (depth > 20 || /^\?(?:[=!]|<[=!])/.test(pattern.slice(at, at + 3))) failed = true;
    const name = /^\?(?::|<\w+>)/.exec(pattern.slice(at, at + 60))?.[0] ?? "";
    at += name.length;
    const inner = failed ? "" : alternatives(depth + 1);
    if (pattern[at] !== ")") failed = true;
    at += 1;
    return inner;
  };

  const count = (): number => {
    const found = /^(?:([*+?])|\{(\d+)(,?)(\d*)\})\??/.exec(pattern.slice(at, at + 30));
    if (!found) return 1;
    at += found[0].length;
    const [, sign, low, comma, high] = found;
    const least = sign === "+" ? 1 : sign ? 0 : Number(low);
    const most = sign === "?" ? 1 : sign ? 10_000 : comma === "" ? least : high === "" ? 10_000 : Number(high);
    if (least > 10_000) failed = true;
    return failed ? 0 : Math.min(least + extra, most);
  };

  const escaped = (): string => {
    const char = pattern[at] ?? "";
    at += 1;
    if (char === "d") return "1";
    if (char === "w") return "a";
    if (char === "s") return " ";
    if (char === "D" || char === "S") return "a";
    if (char === "W") return "-";
    if (char === "b" || char === "B") return "";
    if (char === "n") return "\n";
    if (char === "t") return "\t";
    if (char === "p") {
      const name = /^\{(\w+)/.exec(pattern.slice(at))?.[1] ?? "";
      at = pattern.indexOf("}", at) + 1;
      return name.startsWith("Lu") ? "A" : name.startsWith("N") ? "1" : "a";
    }
    if (/[\d1-9uxk]/.test(char)) failed = true;
    return char;
  };

  const classAt = (): string => {
    const from = at;
    while (at < pattern.length && pattern[at] !== "]") at += pattern[at] === "\\" ? 2 : 1;
    at += 1;
    return pattern.slice(from, at - 1);
  };

  /** The first of some usual characters that the class accepts, asked of the class itself. */
  const toMember = (body: string): string => {
    try {
      const accepts = new RegExp(`^[${body}]$`, "u");
      const member = [..."a1A0bBzZ9 -_.,:/@#+%&*!?=~é中\n"].find((char) => accepts.test(char));
      if (member !== undefined) return member;
      const [first] = body.replace(/^\\/, "");
      if (first && accepts.test(first)) return first;
    } catch {
      // Not a class that stands alone.
    }
    failed = true;
    return "";
  };

  return () => {
    const text = alternatives(0);
    return failed || at < pattern.length ? undefined : text;
  };
}
