/** Tables in a text (CSV, TSV) and their figures. */

export interface Table {
  columns: string[];
  rows: string[][];
  /** Columns whose cells are nearly all numbers. */
  figures: { column: string; sum: number; least: number; most: number; count: number }[];
}

/** The first run of lines with the same number of separators, if it looks like a table. */
export function readTable(text: string): Table | null {
  const lines = text.split("\n").map((line) => line.replace(/\r$/, ""));
  for (const separator of [",", ";", "\t"]) {
    const from = lines.findIndex((line, at) => {
      const width = split(line, separator).length;
      return width >= 2 && split(lines[at + 1] ?? "", separator).length === width && isHeader(split(line, separator));
    });
    if (from < 0) continue;
    const columns = split(lines[from] ?? "", separator);
    const rows: string[][] = [];
    for (const line of lines.slice(from + 1)) {
      const cells = split(line, separator);
      if (cells.length !== columns.length) break;
      rows.push(cells);
    }
    if (rows.length < 2) continue;
    const figures = columns.flatMap((column, at) =>
      toFigures(
        column,
        rows.map((row) => row[at] ?? ""),
      ),
    );
    if (figures.length > 0) return { columns, rows, figures };
  }
  return null;
}

export function describeTable(table: Table): string {
  const lines = table.figures.map(
    ({ column, sum, least, most, count }) =>
      `- ${column}: total ${show(sum)}, average ${show(sum / count)}, lowest ${show(least)}, highest ${show(most)}`,
  );
  return [`${table.rows.length} rows with ${table.columns.join(", ")}.`, ...lines, ...describeGroups(table)].join("\n");
}

/** Totals of the first figure by the values of columns that repeat. */
function describeGroups(table: Table): string[] {
  const figure = mainFigure(table);
  if (!figure) return [];
  const at = table.columns.indexOf(figure.column);
  return table.columns.flatMap((column, index) => {
    if (table.figures.some((each) => each.column === column)) return [];
    const totals = toGroups(table, index, at);
    if (totals.length < 2 || totals.length > Math.max(12, table.rows.length / 2)) return [];
    const shown = totals.slice(0, 8).map(([name, sum]) => `${name} ${show(sum)}`);
    return [`- ${figure.column} by ${column}: ${shown.join(", ")}`];
  });
}

export function toGroups(table: Table, column: number, figure: number): [string, number][] {
  const totals = new Map<string, number>();
  for (const row of table.rows) {
    const name = row[column] ?? "";
    totals.set(name, (totals.get(name) ?? 0) + (toNumber(row[figure] ?? "") ?? 0));
  }
  return [...totals].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
}

/** What a table is mostly about: a column of money, or the last column of figures that is no number of its own. */
export const mainFigure = (table: Table) =>
  table.figures.find(({ column }) => /amount|revenue|total|price|sum|mrr|value|usd|eur|spend|sales/i.test(column)) ??
  table.figures.findLast(({ column }) => !/\bid$|_id$|year|^no$/i.test(column));

export const toNumber = (text: string): number | null => {
  const plain = text
    .trim()
    .replace(/^[$€£]\s?|\s?[$€£%]$/g, "")
    .replace(/(?<=\d),(?=\d{3}\b)/g, "");
  return /^[-+]?\d+(\.\d+)?$/.test(plain) ? Number(plain) : null;
};

export const show = (value: number): string => String(Math.round(value * 100) / 100);

function toFigures(column: string, cells: string[]): Table["figures"] {
  const numbers = cells.map(toNumber).filter((number) => number !== null);
  if (numbers.length < cells.length * 0.8) return [];
  return [
    {
      column,
      count: numbers.length,
      sum: numbers.reduce((sum, number) => sum + number, 0),
      least: numbers.reduce((least, number) => Math.min(least, number), Number.POSITIVE_INFINITY),
      most: numbers.reduce((most, number) => Math.max(most, number), Number.NEGATIVE_INFINITY),
    },
  ];
}

const isHeader = (cells: string[]): boolean =>
  cells.every((cell) => /^[\p{L}_][\p{L}\p{N}_ ()%$€/.-]{0,40}$/u.test(cell.trim()));

/** Cells of a line, with quotes as RFC 4180 has them. */
function split(line: string, separator: string): string[] {
  const cells: string[] = [];
  let cell = "";
  let quoted = false;
  for (let at = 0; at < line.length; at += 1) {
    const char = line[at] ?? "";
    if (quoted && char === '"' && line[at + 1] === '"') at += 1;
    else if (char === '"') {
      quoted = !quoted;
      continue;
    } else if (char === separator && !quoted) {
      cells.push(cell.trim());
      cell = "";
      continue;
    }
    cell += char;
  }
  return [...cells, cell.trim()];
}
