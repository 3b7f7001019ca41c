/** What a text names must be there: links, anchors, paths, and the tree as it is drawn. */
import { posix } from "node:path";
import type { Finding, Rule, SourceFile } from "../architecture/source.ts";
import { isHouseText, type Markdown, parseMarkdown } from "./markdown.ts";

type Check = (file: SourceFile, markdown: Markdown, paths: Set<string>) => Finding[];

const eachText = (files: readonly SourceFile[], check: Check): Finding[] => {
  const paths = withFolders(files);
  return files.filter(isHouseText).flatMap((file) => check(file, parseMarkdown(file.text), paths));
};

/** Files and the folders above them, folders with and without their slash. */
function withFolders(files: readonly SourceFile[]): Set<string> {
  const paths = new Set<string>();
  for (const { path } of files) {
    paths.add(path);
    for (let folder = posix.dirname(path); folder !== "."; folder = posix.dirname(folder))
      paths.add(folder).add(`${folder}/`);
  }
  return paths;
}

export const links: Rule = {
  name: "every link in a text leads to a file, and every anchor to a heading",
  check: (files) => {
    const anchors = new Map(
      files.map(({ path, text }) => [path, path.endsWith(".md") ? parseMarkdown(text).anchors : new Set()]),
    );
    return eachText(files, ({ path }, markdown, paths) =>
      markdown.links
        .filter(({ target }) => !/^(https?|mailto):/.test(target))
        .flatMap(({ target, line }) => {
          const [file = "", anchor] = target.split("#");
          const to = file === "" ? path : posix.normalize(posix.join(posix.dirname(path), file));
          if (!paths.has(to)) return [{ path, line, message: `${target}: there is no ${to}` }];
          if (anchor && !anchors.get(to)?.has(anchor)) return [{ path, line, message: `${target}: no such heading` }];
          return [];
        }),
    );
  },
  planted: [
    { files: { "docs/a.md": "x\n[b](b.md)" }, at: ["docs/a.md:2"] },
    { files: { "docs/a.md": "[b](b.md#second)", "docs/b.md": "# First" }, at: ["docs/a.md:1"] },
    { files: { "docs/a.md": "# One\n[b](#two)" }, at: ["docs/a.md:2"] },
    {
      files: {
        "docs/a.md":
          "[b](b.md#the-first-one) [up](../README.md) [d](./) [w](https://a.b/c.md) `[c](c.md)`\n# A\n[s](#a)",
        "docs/b.md": "# The first, one!",
        "README.md": "",
      },
      at: [],
    },
  ],
};

const FOLDERS =
  "contract|sdk|cli|company|vendors|skills|server|console|db|deploy|bench|tests|decisions|docs|scripts|\\.ci";
const PATH = new RegExp(`^((${FOLDERS})/[^\\s\`'"$]*|[A-Z]+\\.md)$`);

export const paths: Rule = {
  name: "every path that a text names exists",
  check: (files) =>
    eachText(files, ({ path }, markdown, known) => {
      const named = [
        ...markdown.code,
        ...markdown.blocks.flatMap(({ info, text, line }) =>
          /^(|ba)sh$/.test(info)
            ? text.split("\n").flatMap((each, i) => each.split(/\s+/).map((word) => ({ text: word, line: line + i })))
            : [],
        ),
      ];
      return named
        .filter(({ text }) => PATH.test(text))
        .filter(({ text }) => !exists(text, known))
        .map(({ text, line }) => ({ path, line, message: `there is no ${text}` }));
    }),
  planted: [
    { files: { "docs/a.md": "x\nsee `server/kernel/absent.ts`" }, at: ["docs/a.md:2"] },
    { files: { "docs/a.md": "see `vendors/`" }, at: ["docs/a.md:1"] },
    { files: { "docs/a.md": "see `SECURITY.md`" }, at: ["docs/a.md:1"] },
    { files: { "docs/a.md": "```sh\nnode scripts/absent.ts\n```" }, at: ["docs/a.md:2"] },
    { files: { "docs/a.md": "`db/migrations/<number>_<context>….sql`" }, at: ["docs/a.md:1"] },
    {
      files: {
        "docs/a.md":
          "`server/kernel/`, `server/kernel`, `cli/src/commands/<noun>-<verb>.ts`, `tests/*.test.ts`, `application/json`",
        "server/kernel/index.ts": "",
        "cli/src/commands/runs-list.ts": "",
        "tests/docs.test.ts": "",
      },
      at: [],
    },
  ],
};

/** `<name>` and `*` stand for a part of a path, `…` for anything. */
function exists(named: string, known: Set<string>): boolean {
  if (known.has(named)) return true;
  if (!/[<*…]/.test(named)) return false;
  const escaped = named.replace(/[.+?^${}()|[\]\\]/g, "\\$&");
  const pattern = new RegExp(
    `^${escaped
      .replace(/<[^>]+>/g, "[^/]+")
      .replace(/\*/g, "[^/]*")
      .replace(/…/g, ".*")}$`,
  );
  return [...known].some((path) => pattern.test(path));
}

/** A block fenced as `tree`: two spaces a level, `name` or `name/`, then what it is. */
export const drawnTree: Rule = {
  name: "the drawn tree is the real one: all it shows exists, and it shows every folder and every context",
  check: (files) =>
    eachText(files, ({ path }, markdown, known) =>
      markdown.blocks
        .filter(({ info }) => info === "tree")
        .flatMap(({ text, line }) => {
          const drawn = readDrawing(text, line);
          const shown = new Set(drawn.map((each) => each.path));
          const wanted = [...known].filter(
            (each) => /^([^/]+|server\/[^/]+)\/$/.test(each) && !each.startsWith(".git/"),
          );
          return [
            ...drawn
              .filter((each) => !known.has(each.path))
              .map((each) => ({ path, line: each.line, message: `there is no ${each.path}` })),
            ...wanted
              .filter((each) => !shown.has(each))
              .map((each) => ({ path, line, message: `${each} is not shown` })),
          ];
        }),
    ),
  planted: [
    {
      files: {
        "ARCHITECTURE.md": "```tree\nserver/   x\n  main.ts\n  kernel/  runs\n  absent/  nothing\n```",
        "server/main.ts": "",
        "server/kernel/index.ts": "",
      },
      at: ["ARCHITECTURE.md:5"],
    },
    {
      files: { "ARCHITECTURE.md": "x\n```tree\nserver/   x\n```", "server/kernel/index.ts": "", "bench/main.ts": "" },
      at: ["ARCHITECTURE.md:3"],
    },
  ],
};

function readDrawing(text: string, firstLine: number): { path: string; line: number }[] {
  const above: string[] = [];
  return text.split("\n").flatMap((content, i) => {
    const [, indent = "", name] = /^( *)(\S+)/.exec(content) ?? [];
    if (name === undefined) return [];
    const level = indent.length / 2;
    above.length = level;
    above[level] = name;
    return [{ path: above.join(""), line: firstLine + i }];
  });
}
