/**
 * Patterns of schemas are written by authors and run on texts from outside: `(a+)+$` on forty letters would hold the
 * whole server for hours. V8 has a second engine that is linear in the text; with this flag it takes over when the
 * usual one backtracks too often. It does not know the flag `u`, so that is used only where a pattern needs it.
 */
import { setFlagsFromString } from "node:v8";

setFlagsFromString("--enable-experimental-regexp-engine-on-excessive-backtracks");

/** @throws SyntaxError  no pattern, or one that needs Unicode mode and repeats a repetition */
export function createSafePattern(pattern: string): RegExp {
  const unicode = new RegExp(pattern, "u");
  if (!NEEDS_UNICODE.test(pattern)) return new RegExp(pattern);
  if (NESTED_REPEAT.test(pattern)) throw new SyntaxError(`the pattern ${pattern} can take forever on some texts`);
  return unicode;
}

const NEEDS_UNICODE = /\\[pP]\{|\\u\{|[\ud800-\udfff]/;
const NESTED_REPEAT = /[*+}]\??\)[*+{]/;
