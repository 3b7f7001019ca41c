/** Names of files and of what they export: one word per thing, and the word says something. */
import { type Exception, type Finding, isProduct, type Node, type Rule, type SourceFile, syntaxOf } from "./source.ts";

const HOUSE = /^(server|contract|sdk|cli|vendors|skills|scripts|bench|tests|company|db)\//;
const KEBAB = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+(-[a-z0-9]+)*)*$/;
/** A company's files carry the ids of what they declare, and those may have underscores. */
const SNAKE_OR_KEBAB = /^[a-z0-9]+([_-][a-z0-9]+)*(\.[a-z0-9]+([_-][a-z0-9]+)*)*$/;

/** Files that are named by a tool or by custom. */
const NAMED_BY_OTHERS = /(^|\/)(\.[^/]+|[A-Z]+\.md|package(-lock)?\.json|\d{4}_[a-z-]+\.sql|Dockerfile|Makefile)$/;

export const fileNames: Rule = {
  name: "files are named in kebab-case, commands as noun-verb",
  check: (files) =>
    files
      .filter(({ path }) => HOUSE.test(path) && !path.includes("/files/") && !path.includes("/fixtures/"))
      .flatMap(({ path }) => {
        const parts = path.split("/");
        const isOdd = (part: string) => !(parts[0] === "company" ? SNAKE_OR_KEBAB : KEBAB).test(part);
        const odd = NAMED_BY_OTHERS.test(path) ? undefined : parts.filter((part) => !part.startsWith(".")).find(isOdd);
        if (odd) return [{ path, line: 1, message: `${odd} is not kebab-case` }];
        const command = /^cli\/src\/commands\/(.+?)(\.test)?\.ts$/.exec(path)?.[1];
        const isNounVerb = command === undefined || /^[a-z]+(-[a-z]+)*$/.test(command);
        return isNounVerb ? [] : [{ path, line: 1, message: "a command's file is <noun>-<verb>.ts" }];
      }),
  planted: [
    { files: { "server/kernel/startRun.ts": "" }, at: ["server/kernel/startRun.ts:1"] },
    { files: { "server/Kernel/start.ts": "" }, at: ["server/Kernel/start.ts:1"] },
    { files: { "company/BlogPipeline.daemon.yaml": "" }, at: ["company/BlogPipeline.daemon.yaml:1"] },
    { files: { "cli/src/commands/runs/list.ts": "" }, at: ["cli/src/commands/runs/list.ts:1"] },
    {
      files: {
        "server/kernel/start-run.db.test.ts": "",
        "cli/src/commands/runs-list.ts": "",
        "db/migrations/0001_platform.sql": "",
        "company/README.md": "",
        "company/support/support_agent.agent.yaml": "",
        "bench/peers/.npmrc": "",
      },
      at: [],
    },
  ],
};

const EMPTY_WORDS = /^(utils?|common|misc|manager|services?|helpers?|shared|lib|stuff)$/;

export const sayingNames: Rule = {
  name: "no file or folder is called utils, common, manager, service or the like",
  check: (files) =>
    files
      .filter((file) => HOUSE.test(file.path) && /\.(ts|mjs)$/.test(file.path))
      .flatMap(({ path }) => {
        const word = path.split(/[/.-]/).find((each) => EMPTY_WORDS.test(each));
        return word ? [{ path, line: 1, message: `"${word}" says nothing; which noun is missing?` }] : [];
      }),
  planted: [
    { files: { "server/kernel/utils.ts": "" }, at: ["server/kernel/utils.ts:1"] },
    { files: { "server/gateway/model-manager.ts": "" }, at: ["server/gateway/model-manager.ts:1"] },
    { files: { "server/common/clock.ts": "" }, at: ["server/common/clock.ts:1"] },
    { files: { "server/gateway/communication.ts": "" }, at: [] },
  ],
};

/** GLOSSARY.md has the whole table; these are the words that a stranger would reach for first. */
const BANNED: Record<string, string> = {
  workflow: "daemon, or run",
  job: "run",
  execution: "run",
  bot: "agent",
  plugin: "skill",
  integration: "connection",
};

const WORD_EXCEPTIONS: (Exception & { name: string })[] = [
  { path: "server/kernel/performer.ts", name: "Job", because: "what a performer is given, not a run" },
  { path: "server/kernel/job.ts", name: "createJob", because: "makes what a performer is given" },
  { path: "server/sandbox/driver.ts", name: "Job", because: "one script with its walls, as a driver is given it" },
];

export const glossaryWords: Rule = {
  name: "what is exported is called by the words of the glossary",
  check: (files) => files.filter(isProduct).flatMap((file) => wrongWords(file)),
  planted: [
    { files: { "server/kernel/a.ts": "\nexport function startWorkflow() {}" }, at: ["server/kernel/a.ts:2"] },
    { files: { "server/kernel/a.ts": "export interface JobStore {}" }, at: ["server/kernel/a.ts:1"] },
    { files: { "server/kernel/a.ts": "export const listExecutions = 1;" }, at: ["server/kernel/a.ts:1"] },
    { files: { "server/kernel/a.ts": "export class Plugin {}" }, at: ["server/kernel/a.ts:1"] },
    {
      files: { "server/kernel/a.ts": "const workflow = 1; export const bottom = workflow; export type Bots2 = 1;" },
      at: ["server/kernel/a.ts:1"],
    },
    { files: { "server/kernel/performer.ts": "export interface Job {}" }, at: [] },
  ],
};

function wrongWords(file: SourceFile): Finding[] {
  const { nodes, lineOf } = syntaxOf(file);
  return nodes.flatMap((node) =>
    exportedNames(node).flatMap((name) => {
      const words = name.split(/(?=[A-Z])|_|\d/).map((word) => word.toLowerCase());
      const banned = words.map((word) => word.replace(/s$/, "")).find((word) => Object.hasOwn(BANNED, word));
      const isException = WORD_EXCEPTIONS.some((each) => each.path === file.path && each.name === name);
      if (!banned || isException) return [];
      return [
        { path: file.path, line: lineOf(node), message: `${name}: the word is ${BANNED[banned]}, not ${banned}` },
      ];
    }),
  );
}

function exportedNames(node: Node): string[] {
  if (node.type !== "ExportNamedDeclaration" || !node.declaration) return [];
  const { declaration } = node;
  if (declaration.declarations) return declaration.declarations.flatMap(({ id }: Node) => (id.name ? [id.name] : []));
  return declaration.id?.name ? [declaration.id.name] : [];
}
