import type { Problem } from "./company.ts";

/** UTF-8 text of a file. A byte order mark of UTF-8 is left out; other encodings and broken bytes are problems. */
export function decodeText(file: string, bytes: Uint8Array): { text: string } | { problem: Problem } {
  const wrong = (line: number, column: number, message: string) => ({
    problem: {
      file,
      line,
      column,
      pointer: "",
      message,
      suggestion: "save the file as UTF-8",
      severity: "error" as const,
    },
  });
  const [first, second] = bytes;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff))
    return wrong(1, 1, "The file is UTF-16.");
  const start = first === 0xef && second === 0xbb && bytes[2] === 0xbf ? 3 : 0;
  const body = bytes.subarray(start);
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
    const nul = text.indexOf("\u0000");
    if (nul < 0) return { text };
    return wrong(...placeAt(text.slice(0, nul)), "The file holds a zero byte; it is no text.");
  } catch {
    const lossy = new TextDecoder("utf-8").decode(body);
    return wrong(...placeAt(lossy.slice(0, lossy.indexOf("\ufffd"))), "The file is not UTF-8.");
  }
}

function placeAt(before: string): [line: number, column: number] {
  const lines = before.split("\n");
  return [lines.length, lines.at(-1)!.length + 1];
}
