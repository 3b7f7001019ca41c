import { stripVTControlCharacters } from "node:util";

export type Colour = "ok" | "run" | "wait" | "fail" | "quiet" | "strong";

/** Colours a text, or leaves it as it is where colours are not wanted. */
export type Paint = (colour: Colour, text: string) => string;

const CODES: Record<Colour, number> = { ok: 32, run: 36, wait: 33, fail: 31, quiet: 90, strong: 1 };

export const paintFor =
  (colours: boolean): Paint =>
  (colour, text) =>
    colours ? `\u001b[${CODES[colour]}m${text}\u001b[0m` : text;

/** Text from outside on one line: it cannot move the cursor, set colours or a title. */
export const toPlain = (text: string): string =>
  stripVTControlCharacters(text).replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]+/g, " ");

/** The same, with its lines. */
export const toPlainLines = (text: string): string => text.split(/\r?\n/).map(toPlain).join("\n");
