/** The table of settings in the README is the one that the server reads. */
import type { Finding, Planted, Rule, SourceFile } from "../architecture/source.ts";

interface Setting {
  variable: string;
  flag?: string;
  default: string;
  means: string;
}

const PLACE = "README.md";
const HEAD = "| variable | default | means |";

export const settingsTable = (settings: readonly Setting[]): Rule => ({
  name: "the README lists every setting of the server as the server reads it",
  check: (files) => files.filter(({ path }) => path === PLACE).flatMap((file) => differences(file, settings)),
  planted: planted(settings),
});

const toRow = ({ variable, flag, default: value, means }: Setting): string => {
  const isValue = /^[./\d]/.test(value) || value === "all" || value === "info";
  return `| \`${variable}\`${flag ? ` / \`--${flag}\`` : ""} | ${isValue ? `\`${value}\`` : value} | ${means} |`;
};

function differences({ path, text }: SourceFile, settings: readonly Setting[]): Finding[] {
  const lines = text.split("\n");
  const start = lines.indexOf(HEAD) + 2;
  if (start === 1) return [{ path, line: 1, message: `there is no table with the head ${HEAD}` }];
  const length = lines.slice(start).findIndex((line) => !line.startsWith("|"));
  const rows = lines.slice(start, start + length);
  const wanted = settings.map(toRow);
  return [
    ...wanted.filter((row) => !rows.includes(row)).map((row) => ({ path, line: start, message: `is missing: ${row}` })),
    ...rows.flatMap((row, i) =>
      wanted.includes(row) ? [] : [{ path, line: start + i + 1, message: `no such setting: ${row}` }],
    ),
  ];
}

function planted(settings: readonly Setting[]): Planted[] {
  const table = (rows: string[]) => ({ [PLACE]: ["# R", HEAD, "|---|---|---|", ...rows, "", "end"].join("\n") });
  const rows = settings.map(toRow);
  return [
    { files: table(rows), at: [] },
    { files: table(rows.slice(1)), at: [`${PLACE}:3`] },
    { files: table([...rows, "| `OTHER` | none | x |"]), at: [`${PLACE}:${rows.length + 4}`] },
    { files: { [PLACE]: "# R" }, at: [`${PLACE}:1`] },
  ];
}
