import { ExpressionError } from "./error.ts";

/** CEL text, and for a place in it the place in the text as it was written. */
export interface Rewritten {
  text: string;
  origin(offset: number): number;
}

/**
 * The documents' notation as CEL: `and or not`, `3x target_cpa`, `20_000_000`; every number becomes a double.
 * Works on tokens, so that text in quotes is never touched.
 */
export function rewriteNotation(source: string): Rewritten {
  const tokens = spreadNot(spreadTimes(tokenize(source)));
  return { text: tokens.map((token) => token.text).join(""), origin: (offset) => findOrigin(tokens, offset) };
}

interface Token {
  text: string;
  kind: "space" | "word" | "number" | "string" | "sign";
  at: number;
}

const TOKEN = new RegExp(
  [
    String.raw`(?<space>\s+|//[^\n]*)`,
    String.raw`(?<string>[rRbB]{0,2}(?:"""(?:\\[^]|(?!""")[^\\])*"""|'''(?:\\[^]|(?!''')[^\\])*'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))`,
    String.raw`(?<number>0[xX][0-9a-fA-F]+[uU]?|(?:\d[\d_]*(?:\.\d[\d_]*)?|\.\d[\d_]*)(?:[eE][+-]?\d+)?[uU]?)`,
    "(?<word>[A-Za-z_][A-Za-z0-9_]*)",
    String.raw`(?<sign>&&|\|\||[=!<>]=|[^])`,
  ].join("|"),
  "y",
);

function tokenize(source: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let at = 0; at < source.length; at = TOKEN.lastIndex) {
    const groups = TOKEN.exec(source)!.groups!;
    const kind = (["space", "string", "number", "word", "sign"] as const).find((name) => groups[name] !== undefined)!;
    tokens.push(toToken(kind, groups[kind]!, at, tokens));
  }
  return tokens;
}

function toToken(kind: Token["kind"], text: string, at: number, before: Token[]): Token {
  if (kind === "space") return { text: " ", kind, at };
  if (kind === "number") return { text: spellNumber(text, at), kind, at };
  if (kind === "string" && /^[rR]?[bB]/.test(text)) throw new ExpressionError("Bytes are not supported.", at);
  if (kind === "word" && !isField(before) && text === "and") return sign("&&", at);
  if (kind === "word" && !isField(before) && text === "or") return sign("||", at);
  return { text, kind, at };
}

/** After `.` or `.?` a word is a field's name, whatever it is called. */
function isField(before: Token[]): boolean {
  const solid = before.slice(-4).filter((token) => token.kind !== "space");
  return solid.at(-1)?.text === "." || (solid.at(-1)?.text === "?" && solid.at(-2)?.text === ".");
}

function spellNumber(written: string, at: number): string {
  const value = Number(written.replaceAll("_", "").replace(/[uU]$/, ""));
  if (!Number.isFinite(value)) throw new ExpressionError(`The number ${written} is too large.`, at);
  const text = String(value);
  return /[.e]/.test(text) ? text : `${text}.0`;
}

/** `3x target_cpa` → `(3.0 * target_cpa)`; the operand is a name with what hangs on it, or a group. */
function spreadTimes(tokens: Token[]): Token[] {
  const out: Token[] = [];
  for (let i = 0; i < tokens.length; i += 1) {
    const token = tokens[i]!;
    if (!isTimes(tokens, i)) {
      out.push(token);
      continue;
    }
    const end = endOfOperand(tokens, i + 3);
    out.push(sign("(", token.at), token, sign(" * ", token.at));
    out.push(...spreadTimes(tokens.slice(i + 3, end)), sign(")", token.at));
    i = end - 1;
  }
  return out;
}

function isTimes(tokens: Token[], i: number): boolean {
  const operand = tokens[i + 3];
  return (
    tokens[i]!.kind === "number" &&
    tokens[i + 1]?.text === "x" &&
    tokens[i + 2]?.kind === "space" &&
    (operand?.kind === "word" || operand?.text === "(")
  );
}

function endOfOperand(tokens: Token[], start: number): number {
  let i = tokens[start]!.kind === "word" ? start + 1 : endOfGroup(tokens, start);
  for (;;) {
    const text = tokens[i]?.text;
    if (text === "(" || text === "[") i = endOfGroup(tokens, i);
    else if (text === "." && tokens[i + 1]?.kind === "word") i += 2;
    else return i;
  }
}

function endOfGroup(tokens: Token[], start: number): number {
  let depth = 0;
  for (let i = start; i < tokens.length; i += 1) {
    if (isOpening(tokens[i]!)) depth += 1;
    if (isClosing(tokens[i]!)) depth -= 1;
    if (depth === 0) return i + 1;
  }
  return tokens.length;
}

/** `not a == b` → `!(a == b)`: as people read it, `not` reaches to the next `and`, `or` or the end of its group. */
function spreadNot(tokens: Token[]): Token[] {
  const out: Token[] = [];
  const open: number[] = [];
  let depth = 0;
  for (const token of tokens) {
    while (open.at(-1) === depth && endsNot(token)) {
      open.pop();
      out.push(sign(")", token.at));
    }
    if (token.kind === "word" && token.text === "not" && !isField(out)) {
      open.push(depth);
      out.push(sign("!(", token.at));
      continue;
    }
    if (isOpening(token)) depth += 1;
    if (isClosing(token)) depth -= 1;
    out.push(token);
  }
  for (const _ of open) out.push(sign(")", tokens.at(-1)!.at));
  return out;
}

const sign = (text: string, at: number): Token => ({ text, kind: "sign", at });
const isOpening = ({ kind, text }: Token): boolean => kind === "sign" && ["(", "[", "{"].includes(text);
const isClosing = ({ kind, text }: Token): boolean => kind === "sign" && [")", "]", "}"].includes(text);
const endsNot = (token: Token): boolean => isClosing(token) || ["&&", "||", ",", "?", ":"].includes(token.text);

function findOrigin(tokens: Token[], offset: number): number {
  let start = 0;
  for (const token of tokens) {
    if (offset < start + token.text.length) return token.at + (token.kind === "string" ? offset - start : 0);
    start += token.text.length;
  }
  const last = tokens.at(-1);
  return last === undefined ? 0 : last.at;
}
