/**
 * What people see before they decide often comes from outside: a mail, a page, a model's text. It must not be able to
 * hide or reorder itself on a screen, and it must not be too large to look at.
 */
import type { Json } from "@regent/contract";

const TEXT_MAX = 16_000;
const ALL_MAX = 64_000;
const DEPTH_MAX = 12;
const ITEMS_MAX = 500;

/**
 * Controls but tab and newline, bidirectional controls, invisible and tag characters, line separators, half surrogate
 * pairs. Joiners (200C, 200D) stay: Persian and emoji need them.
 */
const UNSEEN =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]|\p{Surrogate}/gu;

/** Escapes what cannot be seen (`\u202e`), and says what it cut. */
export function toShownText(text: string, max: number = TEXT_MAX): string {
  if (text.length <= max) return escapeUnseen(text);
  return `${escapeUnseen(text.slice(0, max))}… (cut: ${max} of ${text.length} characters are shown)`;
}

const escapeUnseen = (text: string): string =>
  text.replaceAll("\r\n", "\n").replace(UNSEEN, (character) => {
    const code = character.codePointAt(0)!;
    return code > 0xffff ? `\\u{${code.toString(16)}}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });

/** The same for every text in a list of values, within one budget of characters for all. */
export function toShown(values: Json[]): Json[] {
  const budget = { left: ALL_MAX };
  return listOf(values, budget, 0);
}

function shownOf(value: Json, budget: { left: number }, depth: number): Json {
  if (typeof value === "string") return textOf(value, budget);
  if (value === null || typeof value !== "object") {
    budget.left -= 8;
    return value;
  }
  if (depth >= DEPTH_MAX) return textOf("… (cut: what lies deeper is not shown)", budget);
  return Array.isArray(value) ? listOf(value, budget, depth) : objectOf(value, budget, depth);
}

function textOf(text: string, budget: { left: number }): string {
  const shown = toShownText(text, Math.max(0, Math.min(TEXT_MAX, budget.left)));
  budget.left -= shown.length;
  return shown;
}

function listOf(values: Json[], budget: { left: number }, depth: number): Json[] {
  const shown: Json[] = [];
  for (const value of values) {
    if (budget.left <= 0 || shown.length === ITEMS_MAX) {
      return [...shown, `… (cut: ${shown.length} of ${values.length} items are shown)`];
    }
    shown.push(shownOf(value, budget, depth + 1));
  }
  return shown;
}

function objectOf(value: { [key: string]: Json }, budget: { left: number }, depth: number): Json {
  const entries = Object.entries(value);
  const shown: [string, Json][] = [];
  for (const [name, member] of entries) {
    if (budget.left <= 0 || shown.length === ITEMS_MAX) {
      shown.push(["…", `(cut: ${shown.length} of ${entries.length} fields are shown)`]);
      break;
    }
    shown.push([textOf(name, budget), shownOf(member, budget, depth + 1)]);
  }
  return Object.fromEntries(shown);
}
