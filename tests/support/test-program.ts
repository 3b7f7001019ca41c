import { fileURLToPath } from "node:url";

/** The path of a program in `tests/support/programs` that a test starts, and mostly kills. */
export const testProgram = (name: string): string => fileURLToPath(new URL(`programs/${name}`, import.meta.url));
