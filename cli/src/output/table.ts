import { stripVTControlCharacters } from "node:util";

/** Aligned columns; the last one is cut where the terminal ends. The first row is the head. */
export function toTable(rows: string[][], options: { right?: number[]; columns?: number | undefined } = {}): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => width(row[column] ?? ""))));
  return rows
    .map((row) => {
      const cells = row.map((cell, column) =>
        options.right?.includes(column)
          ? " ".repeat(widths[column]! - width(cell)) + cell
          : column === row.length - 1
            ? cell
            : cell + " ".repeat(widths[column]! - width(cell)),
      );
      return cut(cells.join("  ").trimEnd(), options.columns);
    })
    .join("\n");
}

const width = (text: string): number => [...stripVTControlCharacters(text)].length;

/** Only lines without colours are cut: a cut inside a colour would colour the rest. */
const cut = (line: string, columns: number | undefined): string =>
  columns === undefined || width(line) <= columns || line.includes("\u001b") ? line : `${line.slice(0, columns - 1)}…`;
