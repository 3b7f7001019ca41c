/** `Weekly ads report` → `weekly-ads-report`, `code_agent` → `code-agent`. */
export const toKebab = (name: string): string => words(name).join("-");

/** `Database Design` → `database_design`: a name that expressions can say. */
export function toSnake(name: string): string {
  const snake = words(name).join("_");
  if (snake === "") return "stage";
  return /^\d/.test(snake) ? `stage_${snake}` : snake;
}

const words = (name: string): string[] =>
  name
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== "")
    .map((word) => word.replace(/[^a-z0-9]/g, (char) => `u${char.codePointAt(0)!.toString(16)}`));
