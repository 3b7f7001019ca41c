/**
 * Patterns of schemas are written by authors and run on texts from outside: `(a+)+$` on forty letters would hold the
 * whole server for hours. V8 has a second engine that is linear in the text; with this flag it takes over when the
 * usual one backtracks too often. It does not know the flag `u`, nor looking ahead, nor back references: patterns that
 * need these keep the usual engine, and may not repeat a group.
 */
import { setFlagsFromString } from "node:v8";

setFlagsFromString("--enable-experimental-regexp-engine-on-excessive-backtracks");

/** @throws SyntaxError  no pattern, or one that needs the usual engine and repeats a group */
export function createSafePattern(pattern: string): RegExp {
  const unicode = new RegExp(pattern, "u");
  const needsUnicode = NEEDS_UNICODE.test(pattern);
  if ((needsUnicode || LOOKS_AROUND.test(pattern)) && REPEATED_GROUP.test(pattern))
    throw new SyntaxError(`the pattern ${pattern} can take forever on some texts`);
  return needsUnicode ? unicode : new RegExp(pattern);
}

const NEEDS_UNICODE = /\\[pP]\{|\\u\{|[\ud800-\udfff]/;
const LOOKS_AROUND = /\(\?<?[=!]|\\[1-9]|\\k</;
const REPEATED_GROUP = /\)[*+{]/;
