import type { Problem } from "./company.ts";

/** Spellings in which vendors give out keys. Each is so particular that nothing else looks like it. */
const KEYS = new RegExp(
  [
    String.raw`\bsk-(?:ant|proj|or|svcacct|admin)-[\w-]{16,}`,
    String.raw`\bsk-[A-Za-z0-9]{32,}`,
    String.raw`\bAIza[\w-]{35}`,
    String.raw`\b[sr]k_(?:live|test)_[A-Za-z0-9]{16,}`,
    String.raw`\bwhsec_[A-Za-z0-9+/=]{20,}`,
    String.raw`\bA[KS]IA[0-9A-Z]{16}\b`,
    String.raw`\bgh[pousr]_[A-Za-z0-9]{36,}`,
    String.raw`\bgithub_pat_\w{30,}`,
    String.raw`\bglpat-[\w-]{20,}`,
    String.raw`\bxox[abeprs]-[A-Za-z0-9-]{10,}`,
    "-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----",
  ].join("|"),
  "g",
);

/**
 * Keys that stand in a company's file, comments included. Files go into version control and into the database, so a
 * key there is an error and not a warning. It is never repeated: the place is enough.
 */
export function findKeys(file: string, text: string): Problem[] {
  return [...text.matchAll(KEYS)].slice(0, 20).map(({ index }) => {
    const before = text.slice(0, index).split("\n");
    return {
      ...{ file, line: before.length, column: before.at(-1)!.length + 1, pointer: "", severity: "error" as const },
      message:
        "This looks like a key or another secret. Secrets never stand in a company's files; replace it where it was made, too.",
      suggestion: "put it in secrets.env in the data folder, and its NAME here",
    };
  });
}
