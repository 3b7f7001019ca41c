/** Every context has one door, listed in package.json, and the door holds nothing but exports. */
import { contextOf, type Finding, type Rule, type SourceFile, syntaxOf } from "./source.ts";

const LINES_MAX = 40;
const EXPORTS = ["ExportNamedDeclaration", "ExportAllDeclaration"];

export const doors: Rule = {
  name: "every context has a door of at most 40 lines that only exports, and package.json lists exactly these doors",
  check: (files) => [...missingDoors(files), ...unlistedDoors(files), ...files.filter(isDoor).flatMap(overfullDoor)],
  planted: [
    {
      files: { "package.json": '{ "imports": {} }', "server/a/b.ts": "" },
      at: ["server/a/b.ts:1", "package.json:1"],
    },
    {
      files: { "package.json": '{ "imports": { "#a": "./server/a/index.ts" } }', "server/main.ts": "" },
      at: ["package.json:1"],
    },
    {
      files: {
        "package.json": '{ "imports": { "#a": "./server/a/index.ts", "#testing": "./tests/support/index.ts" } }',
        "server/a/index.ts": 'export { b } from "./b.ts";\n\nconst c = 1;\nexport const d = 2;',
        "tests/support/index.ts": "",
      },
      at: ["server/a/index.ts:3", "server/a/index.ts:4"],
    },
    {
      files: {
        "package.json": '{ "imports": { "#a": "./server/a/index.ts" } }',
        "server/a/index.ts": 'export { b } from "./b.ts";\n'.repeat(41),
      },
      at: ["server/a/index.ts:41"],
    },
    {
      files: {
        "package.json": '{ "imports": { "#a": "./server/a/index.ts" } }',
        "server/a/index.ts": '/** The door. */\nexport type { B } from "./b.ts";\nexport { c } from "./c.ts";\n',
      },
      at: [],
    },
  ],
};

const doorPath = (context: string) => `server/${context}/index.ts`;
const isDoor = ({ path }: SourceFile) => path === doorPath(contextOf(path) ?? "");
const contextsOf = (files: readonly SourceFile[]) =>
  new Set(files.flatMap(({ path }) => (path.endsWith(".ts") ? (contextOf(path) ?? []) : [])));

function missingDoors(files: readonly SourceFile[]): Finding[] {
  return [...contextsOf(files)]
    .filter((context) => !files.some(({ path }) => path === doorPath(context)))
    .map((context) => {
      const first = files.find(({ path }) => contextOf(path) === context) as SourceFile;
      return { path: first.path, line: 1, message: `server/${context} has no door (index.ts)` };
    });
}

function unlistedDoors(files: readonly SourceFile[]): Finding[] {
  const manifest = files.find(({ path }) => path === "package.json");
  const listed: Record<string, string> = manifest ? (JSON.parse(manifest.text).imports ?? {}) : {};
  const expected = new Map([...contextsOf(files)].map((context) => [`#${context}`, `./${doorPath(context)}`]));
  if (files.some(({ path }) => path === "tests/support/index.ts")) expected.set("#testing", "./tests/support/index.ts");
  const names = new Set([...Object.keys(listed), ...expected.keys()]);
  return [...names]
    .filter((name) => listed[name] !== expected.get(name))
    .map((name) => ({
      path: "package.json",
      line: 1,
      message: expected.has(name) ? `imports lacks ${name}: ${expected.get(name)}` : `${name} leads nowhere`,
    }));
}

function overfullDoor(file: SourceFile): Finding[] {
  const { nodes, lineOf } = syntaxOf(file);
  const lines = file.text.trimEnd().split("\n").length;
  const statements = nodes.find(({ type }) => type === "Program")?.body ?? [];
  const inside = statements.filter(
    (each: { type: string; source?: unknown }) => !EXPORTS.includes(each.type) || !each.source,
  );
  return [
    ...(lines > LINES_MAX ? [{ path: file.path, line: lines, message: `a door has at most ${LINES_MAX} lines` }] : []),
    ...inside.map((each: { start: number }) => ({
      path: file.path,
      line: lineOf(each),
      message: "a door only exports what other files declare",
    })),
  ];
}
