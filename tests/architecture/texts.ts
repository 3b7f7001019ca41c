/** Words and addresses that must not stand in any file. Written in pieces here, so that this file does not hold them. */
import type { Finding, Rule, SourceFile } from "./source.ts";

const piece = (...parts: string[]) => parts.join("");

const findLines = (files: readonly SourceFile[], pattern: RegExp, message: string): Finding[] =>
  files.flatMap(({ path, text }) =>
    pattern.test(text)
      ? text.split("\n").flatMap((line, i) => (pattern.test(line) ? [{ path, line: i + 1, message }] : []))
      : [],
  );

const UNFINISHED = new RegExp(
  `\\b(${piece("TO", "DO")}|${piece("FIX", "ME")}|${piece("X", "XX")}|${piece("HA", "CK")})\\b`,
);

export const finishedTexts: Rule = {
  name: "nothing is marked as unfinished",
  // A company's daemons may look for such words in what others write.
  check: (files) =>
    findLines(
      files.filter(({ path }) => !path.startsWith("company/")),
      UNFINISHED,
      "finish it, or leave it out and say so in the docs",
    ),
  planted: [
    { files: { "server/a/a.ts": `const a = 1;\n// ${piece("TO", "DO")} later` }, at: ["server/a/a.ts:2"] },
    { files: { "docs/a.md": `${piece("FIX", "ME")}: wrong` }, at: ["docs/a.md:1"] },
    { files: { "server/a/a.ts": "const mastodon = todoList;" }, at: [] },
  ],
};

const REGISTRIES = new RegExp(
  `${piece("registry\\.", "npmjs")}|${piece("registry\\.", "yarnpkg")}|${piece("deb\\.", "debian\\.org")}|${piece("archive\\.", "ubuntu\\.com")}`,
);

export const noRegistries: Rule = {
  name: "no package registry is named: whose mirror is used is the machine's business",
  check: (files) => findLines(files, REGISTRIES, "leave the address to the machine's own settings"),
  planted: [
    { files: { ".npmrc": `registry=https://${piece("registry.", "npmjs")}.org` }, at: [".npmrc:1"] },
    {
      files: { "package-lock.json": `{\n"resolved": "https://${piece("registry.", "npmjs")}.org/a" }` },
      at: ["package-lock.json:2"],
    },
    { files: { "docs/a.md": "npm install; apt-get update" }, at: [] },
  ],
};

const MACHINE_PATHS = new RegExp(
  `(^|[^A-Za-z0-9_.\${}])/(${piece("wo", "rk")}|${piece("fa", "rm")}|${piece("ro", "ot")}|home/[a-z]+|Users/[A-Za-z]+)/`,
);

/** Paths there are those of the sandbox's own file system, or what an escape would like to read. */
const INSIDE_SANDBOX = /^(server\/sandbox|tests\/escape)\//;

export const noMachinePaths: Rule = {
  name: "no path of somebody's machine stands in the house",
  check: (files) =>
    findLines(
      files.filter(({ path }) => !INSIDE_SANDBOX.test(path)),
      MACHINE_PATHS,
      "a path from the root of the house, or a temporary folder",
    ),
  planted: [
    { files: { "docs/a.md": `see /${piece("wo", "rk")}/main/x` }, at: ["docs/a.md:1"] },
    { files: { "server/a/a.ts": `\nconst a = "/${piece("home/", "ann")}/regent";` }, at: ["server/a/a.ts:2"] },
    {
      files: { "server/a/a.ts": 'import "../work/x.ts"; const url = "https://a.b/work/x"; const c = "./root/a";' },
      at: [],
    },
  ],
};
