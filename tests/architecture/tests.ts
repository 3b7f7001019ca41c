/** Tests run, and each asserts something. */
import { dotted, type Finding, type Node, type Rule, type SourceFile, syntaxOf } from "./source.ts";

const isTestFile = ({ path }: SourceFile) => /\.test\.(ts|mjs)$/.test(path);
/** Names that promise to throw when it is not so. */
const ASSERTS_BY_NAME = /^(assert|expect|must|check|verify|conform|prove|refuse|eventually)/;
const TEST_CALL = /^(test|it|t\.test|context\.test)$/;

export const runningTests: Rule = {
  name: "no test is skipped, left for later, or runs alone",
  check: (files) =>
    files.filter(isTestFile).flatMap((file) => {
      const { nodes, lineOf } = syntaxOf(file);
      return nodes
        .filter((node) => node.type === "CallExpression" && isSwitchedOff(node))
        .map((node) => ({ path: file.path, line: lineOf(node), message: "a test that does not run guards nothing" }));
    }),
  planted: [
    { files: { "server/a/a.test.ts": '\ntest.skip("a", () => {});' }, at: ["server/a/a.test.ts:2"] },
    { files: { "server/a/a.test.ts": 'test.only("a", () => {});' }, at: ["server/a/a.test.ts:1"] },
    { files: { "server/a/a.test.ts": 'it.todo("a");' }, at: ["server/a/a.test.ts:1"] },
    { files: { "server/a/a.test.ts": 'test("a", { skip: true }, () => {});' }, at: ["server/a/a.test.ts:1"] },
    { files: { "server/a/a.test.ts": 'test("a", { todo: "later" }, () => {});' }, at: ["server/a/a.test.ts:1"] },
    { files: { "server/a/a.test.ts": 'test("a", (t) => { t.skip("no database"); });' }, at: ["server/a/a.test.ts:1"] },
    { files: { "server/a/a.test.ts": 'test("a", { timeout: 5 }, () => {}); list.skip(3);' }, at: [] },
  ],
};

function isSwitchedOff(node: Node): boolean {
  const called = dotted(node.callee) ?? "";
  if (/^(test|it|describe|suite|t|context)\.(skip|only|todo)$/.test(called)) return true;
  if (!/^(test|it|describe|suite|t\.test)$/.test(called)) return false;
  return node.arguments.some(
    (argument: Node) =>
      argument.type === "ObjectExpression" &&
      argument.properties.some(
        ({ key, value }: Node) =>
          /^(skip|only|todo)$/.test(key?.name ?? "") && value.type === "Literal" && value.value !== false,
      ),
  );
}

export const assertingTests: Rule = {
  name: "every test asserts something",
  check: (files) => files.filter(isTestFile).flatMap(withoutAssertion),
  planted: [
    {
      files: { "server/a/a.test.ts": 'import { equal } from "node:assert/strict";\ntest("a", () => { add(1, 2); });' },
      at: ["server/a/a.test.ts:2"],
    },
    {
      files: {
        "server/a/a.test.ts":
          'import assert, { equal } from "node:assert/strict";\n' +
          'test("a", async () => { await x(() => equal(1, 1)); });\n' +
          'test("b", () => { assert.equal(1, 1); });\n' +
          'test("c", () => sums(3));\nfunction sums(n) { equal(n, 3); }\n' +
          'test("d", (t) => { t.assert.ok(true); });\n' +
          'test("e", () => { refuses(x); });\nconst refuses = (x) => sums(x);\n' +
          'test("f", () => fc.assert(fc.property()));\n' +
          'test("g", checkAll);\nasync function checkAll() { equal(1, 1); }\n',
      },
      at: [],
    },
  ],
};

/** Functions that assert: those of node:assert, and every function of the file or its support that calls one. */
function withoutAssertion(file: SourceFile): Finding[] {
  const { nodes, lineOf } = syntaxOf(file);
  const asserting = new Set(nodes.flatMap(assertionImports));
  const functions = nodes.flatMap(namedFunction);
  for (const { name } of functions) if (ASSERTS_BY_NAME.test(name)) asserting.add(name);
  for (let before = -1; before !== asserting.size; ) {
    before = asserting.size;
    for (const { name, body } of functions) if (callsOne(body, asserting)) asserting.add(name);
  }
  return nodes
    .filter(
      (node) =>
        node.type === "CallExpression" && TEST_CALL.test(dotted(node.callee) ?? "") && node.arguments.length > 1,
    )
    .filter((node) => !callsOne(node.arguments.at(-1), asserting))
    .map((node) => ({ path: file.path, line: lineOf(node), message: "this test asserts nothing" }));
}

/** From node:assert everything; from other files of ours what is named as an assertion. */
function assertionImports(node: Node): string[] {
  if (node.type !== "ImportDeclaration") return [];
  const names: string[] = node.specifiers.map(({ local }: Node) => local.name);
  if (/^(node:)?assert(\/strict)?$/.test(node.source.value)) return names;
  return names.filter((name) => ASSERTS_BY_NAME.test(name));
}

function namedFunction(node: Node): { name: string; body: Node }[] {
  if (node.type === "FunctionDeclaration" && node.id) return [{ name: node.id.name, body: node }];
  const isFunction = /^(Arrow)?FunctionExpression$/.test(node.init?.type ?? "");
  return node.type === "VariableDeclarator" && isFunction && node.id.name
    ? [{ name: node.id.name, body: node.init }]
    : [];
}

function callsOne(body: Node | undefined, asserting: Set<string>): boolean {
  if (body === undefined) return false;
  if (body.type === "Identifier") return asserting.has(body.name);
  const found = (value: unknown): boolean => {
    if (Array.isArray(value)) return value.some(found);
    if (typeof value !== "object" || value === null) return false;
    const node = value as Node;
    if (node.type === "CallExpression") {
      const called = dotted(node.callee) ?? "";
      const first = called.split(".")[0] as string;
      if (asserting.has(first) || /(^|\.)assert(\.|$)/.test(called)) return true;
    }
    // A helper that is handed on (`forEach(checkOne)`) counts as called.
    if (
      node.type === "CallExpression" &&
      node.arguments.some((each: Node) => each.type === "Identifier" && asserting.has(each.name))
    )
      return true;
    return Object.values(node).some(found);
  };
  return found(body);
}
