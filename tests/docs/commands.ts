/** Commands that a text tells the reader to type. */
import type { Finding, Rule, SourceFile } from "../architecture/source.ts";
import { isHouseText, parseMarkdown } from "./markdown.ts";

const NPM_VERBS = new Set(["ci", "install", "exec", "rebuild", "test", "start", "run"]);

interface House {
  scripts: Set<string>;
  commands: Set<string>;
  paths: Set<string>;
}

export const commands: Rule = {
  name: "every command that a text names exists",
  check: (files) => {
    const house = houseOf(files);
    return files
      .filter(isHouseText)
      .flatMap((file) =>
        linesOfCode(file).flatMap(({ text, line }) =>
          wrongIn(text, house).map((message): Finding => ({ path: file.path, line, message })),
        ),
      );
  },
  planted: [
    { files: { "package.json": '{ "scripts": {} }', "a.md": "x\nrun `npm run absent`" }, at: ["a.md:2"] },
    { files: { "package.json": '{ "scripts": {} }', "a.md": "```sh\nnpm start\n```" }, at: ["a.md:2"] },
    { files: { "package.json": "{}", "a.md": "`npx regent runs absent run_1`" }, at: ["a.md:1"] },
    { files: { "package.json": "{}", "a.md": "`npx regent absent`" }, at: ["a.md:1"] },
    {
      files: { "package.json": '{ "scripts": { "bench": "x" } }', "a.md": "`npm run bench -- absent`" },
      at: ["a.md:1"],
    },
    {
      files: { "package.json": '{ "scripts": { "test:long": "x" } }', "a.md": "`npm run test:long -- absent`" },
      at: ["a.md:1"],
    },
    {
      files: {
        "package.json": '{ "scripts": { "start": "x", "test": "x", "bench": "x", "test:long": "x" } }',
        "cli/src/commands/runs-list.ts": "",
        "cli/src/commands/run.ts": "",
        "cli/src/commands/run.test.ts": "",
        "bench/kernel.ts": "",
        "tests/long/crash.ts": "",
        "a.md":
          "`npm ci`, `npm test -- types`, `npm run bench -- kernel --json`, `npm run bench -- NAME`, `npm run test:long -- crash`\n" +
          "`npx regent runs list --json`, `npx regent …`\n```sh\nnpm start\nnpx regent run blog-pipeline --input a=b\n```",
      },
      at: [],
    },
  ],
};

function houseOf(files: readonly SourceFile[]): House {
  const manifest = files.find(({ path }) => path === "package.json");
  const names = files.flatMap(({ path }) => /^cli\/src\/commands\/([^/]+)\.ts$/.exec(path)?.[1] ?? []);
  return {
    scripts: new Set(Object.keys(manifest ? (JSON.parse(manifest.text).scripts ?? {}) : {})),
    commands: new Set(names.filter((name) => !name.endsWith(".test"))),
    paths: new Set(files.map(({ path }) => path)),
  };
}

function linesOfCode({ text }: SourceFile): { text: string; line: number }[] {
  const { code, blocks } = parseMarkdown(text);
  return [
    ...code,
    ...blocks.flatMap((block) => block.text.split("\n").map((line, i) => ({ text: line, line: block.line + i }))),
  ];
}

function wrongIn(text: string, house: House): string[] {
  return [
    ...[...text.matchAll(/\bnpm (run )?([a-z][\w:-]*)/g)].flatMap(([, run, name = ""]) => {
      const isScript = run !== undefined || name === "start" || name === "test";
      if (isScript) return house.scripts.has(name) ? [] : [`there is no script ${name}`];
      return NPM_VERBS.has(name) ? [] : [`npm has no ${name}`];
    }),
    ...wrongName(text, /\bnpm run bench -- ([a-z][\w-]*)/g, (name) => house.paths.has(`bench/${name}.ts`)),
    ...wrongName(text, /\bnpm run test:long -- ([a-z][\w-]*)/g, (name) => house.paths.has(`tests/long/${name}.ts`)),
    ...wrongName(text, /\bnpx regent ([a-z][a-z-]*(?: [a-z][a-z-]*)?)/g, (words) => {
      const [noun = "", verb] = words.split(" ");
      return house.commands.has(noun) || (verb !== undefined && house.commands.has(`${noun}-${verb}`));
    }),
  ];
}

function wrongName(text: string, pattern: RegExp, exists: (name: string) => boolean): string[] {
  return [...text.matchAll(pattern)].flatMap(([whole, name = ""]) => (exists(name) ? [] : [`there is no ${whole}`]));
}
