/** Things that may stand in one place only: SQL, the environment, status codes, time and chance. */
import {
  contextOf,
  dotted,
  type Exception,
  type Finding,
  isProduct,
  type Node,
  type Rule,
  type SourceFile,
  syntaxOf,
  textOf,
  without,
} from "./source.ts";

const find = (file: SourceFile, wrong: (node: Node) => string | undefined): Finding[] => {
  const { nodes, lineOf } = syntaxOf(file);
  return nodes.flatMap((node) => {
    const message = wrong(node);
    return message ? [{ path: file.path, line: lineOf(node), message }] : [];
  });
};

const SQL = [
  /^\s*(--[^\n]*\n\s*)*(select|with|values)\b[\s\S]*\b(from|select|as\s*\()/,
  /^\s*select\s+\w+\s*\(/,
  /^\s*(--[^\n]*\n\s*)*(insert\s+into|delete\s+from|truncate|drop|alter|grant|revoke)\s+\w/,
  /^\s*update\s+[\w.${}…]+(\s+\w+)?\s+set\b/,
  /^\s*create\s+(or\s+replace\s+|unique\s+|temp(orary)?\s+)*(table|index|role|schema|function|policy|database|view|trigger)\b/,
  /^\s*((un)?listen\s+[\w"${}…]+|notify\s+[\w"${}…]+|set\s+(local\s+)?[\w.]+\s*(=|to)\s)/,
];
const isSql = (text: string): boolean => SQL.some((pattern) => pattern.test(text.toLowerCase())) && !isProse(text);

/** Sentences and single words may begin with a verb of SQL. */
const isProse = (text: string): boolean => /^[A-Z][a-z]/.test(text) || /^\s*\w+(\s+\w+)?\s*$/.test(text);

const TRANSACTION = /^\s*(begin|start transaction|commit|rollback|savepoint)\b/i;

/** Words such as `rollback` mean SQL only where they are sent to a database. */
function sqlIn(node: Node): string | undefined {
  const text = textOf(node);
  if (text !== undefined && isSql(text)) return text;
  if (node.type !== "CallExpression" || !/(^|\.)query$/.test(dotted(node.callee) ?? "")) return undefined;
  const sent = node.arguments[0] && textOf(node.arguments[0]);
  return sent !== undefined && TRANSACTION.test(sent) ? sent : undefined;
}

export const sqlPlaces: Rule = {
  name: "SQL stands in store.ts files, db/ and the platform",
  check: (files) =>
    files
      .filter(isProduct)
      .filter(({ path }) => !path.endsWith("/store.ts") && !path.startsWith("server/platform/"))
      .flatMap((file) =>
        find(file, (node) => {
          const sql = sqlIn(node);
          return sql && `SQL outside store.ts: ${sql.trim().slice(0, 40)}`;
        }),
      ),
  planted: [
    { files: { "server/gateway/a.ts": "\ndb.query(`select id\n  from runs`)" }, at: ["server/gateway/a.ts:2"] },
    { files: { "server/gateway/a.ts": 'db.query("SELECT id FROM runs")' }, at: ["server/gateway/a.ts:1"] },
    { files: { "server/gateway/a.ts": "db.query(`update ${table} set a = 1`)" }, at: ["server/gateway/a.ts:1"] },
    { files: { "server/gateway/a.ts": 'db.query("insert into runs values ($1)")' }, at: ["server/gateway/a.ts:1"] },
    { files: { "server/gateway/a.ts": 'db.query("delete from runs")' }, at: ["server/gateway/a.ts:1"] },
    { files: { "server/gateway/a.ts": 'db.query("select pg_advisory_lock(1)")' }, at: ["server/gateway/a.ts:1"] },
    { files: { "server/gateway/a.ts": "db.query(`with x as (select 1) select x`)" }, at: ["server/gateway/a.ts:1"] },
    { files: { "server/gateway/a.ts": 'db.query("begin")' }, at: ["server/gateway/a.ts:1"] },
    { files: { "server/gateway/store.ts": 'db.query("select id from runs")' }, at: [] },
    { files: { "server/gateway/a.test.ts": 'db.query("select id from runs")' }, at: [] },
    {
      files: {
        "server/gateway/a.ts": 'fail("Select one from the list."); const verb = "update"; say(`begin ${step}`)',
      },
      at: [],
    },
  ],
};

/** Tables whose owner has no migration of its own. */
const OWNERS: Record<string, string> = { input_file: "files" };

/** Tables of a context are written by its own store only. The owner is in the migration's name: 0003_kernel.sql. */
export const tableOwners: Rule = {
  name: "a context's tables are written only by its own store",
  check(files) {
    const owners = new Map<string, string>();
    for (const { path, text } of files) {
      const owner = /^db\/migrations\/\d+_([a-z-]+).*\.sql$/.exec(path)?.[1];
      if (owner)
        for (const [, table] of text.matchAll(/create table (?:if not exists )?(\w+)/gi))
          owners.set(table as string, OWNERS[table as string] ?? owner);
    }
    return files
      .filter(isProduct)
      .filter(({ path }) => contextOf(path) !== undefined)
      .flatMap((file) => find(file, (node) => wronglyWritten(textOf(node), contextOf(file.path) as string, owners)));
  },
  planted: [
    {
      files: {
        "db/migrations/0003_kernel.sql": "create table runs (id text);\ncreate table steps (id text);",
        "server/kernel/store.ts": 'query("insert into runs values ($1)")',
        "server/gateway/store.ts":
          'query("select id from runs");\nquery("update steps set id = 1");\nquery("delete from runs")',
      },
      at: ["server/gateway/store.ts:2", "server/gateway/store.ts:3"],
    },
  ],
};

function wronglyWritten(text: string | undefined, context: string, owners: Map<string, string>): string | undefined {
  for (const [, table = ""] of (text ?? "").matchAll(/\b(?:insert\s+into|update|delete\s+from|truncate)\s+(\w+)/gi)) {
    const owner = owners.get(table);
    if (owner && owner !== context) return `${table} belongs to ${owner}`;
  }
  return undefined;
}

const ENVIRONMENT_EXCEPTIONS: Exception[] = [
  { path: "server/platform/config.ts", because: "it is the place" },
  { path: "cli/bin/regent.mjs", because: "the launcher passes its environment on to the Node that it finds" },
];

export const environmentPlaces: Rule = {
  name: "the environment is read in server/platform/config.ts",
  check: (files) =>
    without(files.filter(isProduct), ENVIRONMENT_EXCEPTIONS).flatMap((file) =>
      find(file, (node) =>
        node.type === "MemberExpression" && dotted(node) === "process.env"
          ? "process.env is read in server/platform/config.ts and handed on"
          : undefined,
      ),
    ),
  planted: [
    { files: { "server/gateway/a.ts": "\nconst key = process.env.OPENAI_API_KEY;" }, at: ["server/gateway/a.ts:2"] },
    { files: { "server/gateway/a.ts": 'const key = process.env["KEY"];' }, at: ["server/gateway/a.ts:1"] },
    { files: { "server/gateway/a.ts": "const { KEY } = process.env;" }, at: ["server/gateway/a.ts:1"] },
    { files: { "cli/src/a.ts": "spawn(x, { env: process.env });" }, at: ["cli/src/a.ts:1"] },
    { files: { "server/platform/config.ts": "process.env.PORT", "tests/a.ts": "process.env.X" }, at: [] },
  ],
};

export const statusPlaces: Rule = {
  name: "status codes are chosen in server/http and the contract",
  check: (files) =>
    files
      .filter(isProduct)
      .filter(({ path }) => !/^(server\/http|contract)\//.test(path))
      .flatMap((file) => find(file, chosenStatus)),
  planted: [
    { files: { "server/gateway/a.ts": "\nreturn { status: 404, title: 1 };" }, at: ["server/gateway/a.ts:2"] },
    { files: { "server/gateway/a.ts": "c.json(body, 409);" }, at: ["server/gateway/a.ts:1"] },
    { files: { "server/gateway/a.ts": "response.writeHead(200);" }, at: ["server/gateway/a.ts:1"] },
    { files: { "server/gateway/a.ts": 'if (response.status === 429) wait("status: 404");' }, at: [] },
    { files: { "server/http/a.ts": "c.json(body, 409);", "contract/src/errors.ts": "x = { status: 404 }" }, at: [] },
  ],
};

function chosenStatus(node: Node): string | undefined {
  const isStatus = (value: Node | undefined) =>
    value?.type === "Literal" && Number.isInteger(value.value) && value.value >= 100 && value.value < 600;
  const isProperty =
    node.type === "Property" && !node.computed && /^status(Code)?$/.test(node.key.name ?? node.key.value);
  const isAnswer =
    node.type === "CallExpression" &&
    /\.(json|body|text|html|redirect|status|writeHead)$/.test(dotted(node.callee) ?? "") &&
    node.arguments.some(isStatus);
  return isAnswer || (isProperty && isStatus(node.value))
    ? "throw fail(code): the table of errors holds the status"
    : undefined;
}

const CHANCE_EXCEPTIONS: Exception[] = [
  { path: "server/kernel/engines/dbos.ts", because: "the driver that lives by the wall clock" },
];

export const timeAndChancePlaces: Rule = {
  name: "time, ids and randomness come from the platform",
  check: (files) =>
    without(files.filter(isProduct), CHANCE_EXCEPTIONS)
      .filter(({ path }) => /^(server|contract)\//.test(path) && !path.startsWith("server/platform/"))
      .flatMap((file) => find(file, timeOrChance)),
  planted: [
    { files: { "server/gateway/a.ts": "\nconst at = Date.now();" }, at: ["server/gateway/a.ts:2"] },
    { files: { "server/gateway/a.ts": "const at = new Date();" }, at: ["server/gateway/a.ts:1"] },
    { files: { "server/gateway/a.ts": "const x = Math.random();" }, at: ["server/gateway/a.ts:1"] },
    { files: { "server/gateway/a.ts": "const x = crypto.randomUUID();" }, at: ["server/gateway/a.ts:1"] },
    { files: { "server/gateway/a.ts": 'import { randomUUID } from "node:crypto";' }, at: ["server/gateway/a.ts:1"] },
    { files: { "server/gateway/a.ts": "deps({ now: Date.now });" }, at: ["server/gateway/a.ts:1"] },
    { files: { "server/gateway/a.ts": "const at = new Date(deps.clock.now());" }, at: [] },
    { files: { "server/platform/clock.ts": "Date.now()", "server/gateway/a.test.ts": "Date.now()" }, at: [] },
  ],
};

function timeOrChance(node: Node): string | undefined {
  const read = node.type === "MemberExpression" ? dotted(node) : undefined;
  const isRead = read !== undefined && /^(globalThis\.)?(Date\.now|Math\.random|crypto\.randomUUID)$/.test(read);
  const isNow = node.type === "NewExpression" && dotted(node.callee) === "Date" && node.arguments.length === 0;
  const isImported = node.type === "ImportSpecifier" && /^random(UUID|Int)$/.test(node.imported.name);
  return isRead || isNow || isImported
    ? "take it from deps (clock, ids): runs must replay, tests must not sleep"
    : undefined;
}

export const noRuntimeCode: Rule = {
  name: "no code is made from text: no eval, no Function, no node:vm",
  check: (files) =>
    files
      .filter((file) => /\.(ts|mjs)$/.test(file.path))
      .flatMap((file) => [
        ...syntaxOf(file)
          .imports.filter(({ specifier }) => /^(node:)?vm$/.test(specifier))
          .map(({ line }) => ({ path: file.path, line, message: "node:vm is not a sandbox" })),
        ...find(file, madeFromText),
      ]),
  planted: [
    { files: { "server/gateway/a.ts": "\neval(text);" }, at: ["server/gateway/a.ts:2"] },
    { files: { "server/gateway/a.ts": 'new Function("a", text);' }, at: ["server/gateway/a.ts:1"] },
    { files: { "server/gateway/a.ts": "const f = Function(text);" }, at: ["server/gateway/a.ts:1"] },
    { files: { "server/gateway/a.ts": "globalThis.eval(text);" }, at: ["server/gateway/a.ts:1"] },
    { files: { "tests/a.ts": 'import { runInNewContext } from "node:vm";' }, at: ["tests/a.ts:1"] },
    { files: { "server/gateway/a.ts": 'const vm = await import("vm");' }, at: ["server/gateway/a.ts:1"] },
    { files: { "server/gateway/a.ts": "store.eval(a); const f: Function = g; x instanceof Function;" }, at: [] },
  ],
};

function madeFromText(node: Node): string | undefined {
  if (node.type !== "CallExpression" && node.type !== "NewExpression") return undefined;
  const called = dotted(node.callee) ?? "";
  return /^(globalThis\.|global\.)?(eval|Function)$/.test(called) ? `${called} runs text as code` : undefined;
}
