import { ExpressionError } from "./error.ts";

/** A text cut into what stands as it is and what is an expression. `at` is where the piece starts. */
export type Piece = { text: string } | { expression: string; at: number };

/**
 * Finds every `${…}`. Braces and quotes inside an expression are respected; `$${` is a plain `${`.
 * @throws ExpressionError  an expression that is not closed
 */
export function splitTemplate(template: string): Piece[] {
  const pieces: Piece[] = [];
  let from = 0;
  for (let open = template.indexOf("${"); open >= 0; open = template.indexOf("${", from)) {
    if (template[open - 1] === "$" && open - 1 >= from) {
      pieces.push({ text: template.slice(from, open - 1) }, { text: "${" });
      from = open + 2;
      continue;
    }
    if (open > from) pieces.push({ text: template.slice(from, open) });
    const close = findClose(template, open + 2);
    pieces.push({ expression: template.slice(open + 2, close), at: open + 2 });
    from = close + 1;
  }
  if (from < template.length) pieces.push({ text: template.slice(from) });
  return pieces;
}

function findClose(template: string, start: number): number {
  let depth = 0;
  for (let i = start; i < template.length; i += 1) {
    const char = template[i]!;
    if (char === "'" || char === '"') i = endOfText(template, i);
    else if (char === "{") depth += 1;
    else if (char === "}" && depth === 0) return i;
    else if (char === "}") depth -= 1;
  }
  throw new ExpressionError("`${` is not closed with `}`; write `$${` for a plain `${`.", start - 2);
}

/** The last character of a quoted text; quotes may be tripled. */
function endOfText(template: string, start: number): number {
  const quote = template[start]!;
  const delimiter = template.startsWith(quote.repeat(3), start) ? quote.repeat(3) : quote;
  for (let i = start + delimiter.length; i < template.length; i += 1) {
    if (template[i] === "\\") i += 1;
    else if (template.startsWith(delimiter, i)) return i + delimiter.length - 1;
  }
  return template.length;
}
