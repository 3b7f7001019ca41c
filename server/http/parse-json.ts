import type { Json } from "@regent/contract";
import { invalidInput } from "./problem.ts";

const DEPTH_MAX = 100;

/**
 * JSON from outside. Refused besides what is no JSON: nesting that would exhaust a stack later, the name `__proto__`
 * (copied key by key it would become a prototype), and text that PostgreSQL cannot keep (NUL, half of a pair).
 * Of a name that stands twice the last counts, as everywhere in JavaScript.
 */
export function parseJson(bytes: Uint8Array): Json {
  const text = decode(bytes);
  if (isTooDeep(text)) throw refuse("", `JSON may be nested at most ${DEPTH_MAX} levels deep.`);
  let value: Json;
  try {
    value = JSON.parse(text) as Json;
  } catch (error) {
    throw refuse("", `This is not JSON: ${(error as Error).message.slice(0, 200)}`);
  }
  checkTexts(value, "");
  return value;
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw refuse("", "The body must be UTF-8.");
  }
}

/** Counts brackets outside strings; no recursion, before anything is built. */
function isTooDeep(text: string): boolean {
  let depth = 0;
  let inString = false;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (inString) {
      if (code === 0x5c) i++;
      else if (code === 0x22) inString = false;
    } else if (code === 0x22) inString = true;
    else if (code === 0x5b || code === 0x7b) {
      if (++depth > DEPTH_MAX) return true;
    } else if (code === 0x5d || code === 0x7d) depth--;
  }
  return false;
}

function checkTexts(value: Json, pointer: string): void {
  if (typeof value === "string") {
    if (!isStorable(value)) throw refuse(pointer, "Text must not hold NUL characters or half surrogate pairs.");
  } else if (Array.isArray(value)) {
    for (let i = 0; i < value.length; i++) checkTexts(value[i]!, `${pointer}/${i}`);
  } else if (value !== null && typeof value === "object") {
    for (const [key, inner] of Object.entries(value)) {
      const place = `${pointer}/${key.slice(0, 200).replaceAll("~", "~0").replaceAll("/", "~1")}`;
      if (key === "__proto__" || !isStorable(key))
        throw refuse(place.replaceAll("\0", ""), "This name is not allowed.");
      checkTexts(inner, place);
    }
  }
}

export const isStorable = (text: string): boolean => !text.includes("\0") && text.isWellFormed();

const refuse = (pointer: string, message: string) => invalidInput([{ pointer: pointer.toWellFormed(), message }]);
