/** Who may import whom: the arrows of ARCHITECTURE.md. */
import { posix } from "node:path";
import {
  contextOf,
  type Finding,
  type Import,
  isCode,
  isTest,
  type Rule,
  type SourceFile,
  syntaxOf,
} from "./source.ts";

/** Doors whose code a part may run, and doors it may take types from. Capabilities: see `mayImport`. */
const FOUNDATIONS = ["platform", "expressions"];
const BOUND: Record<string, { runs: string[]; types: string[] }> = {
  platform: { runs: [], types: [] },
  expressions: { runs: [], types: [] },
  kernel: { runs: FOUNDATIONS, types: FOUNDATIONS },
};
const CAPABILITY_RUNS = [...FOUNDATIONS, "kernel"];
/** Turns the contract into routes and knows no capability but by the shape of its door. */
const HTTP_RUNS = ["platform"];

/** Bare names that a part outside the server may import, besides Node's own modules. */
const PACKAGES: Record<string, RegExp> = {
  contract: /^zod$/,
  sdk: /^(@regent\/contract(\/\w+)?|zod)$/,
  cli: /^(@regent\/(sdk|contract)(\/\w+)?|commander|yaml)$/,
  console: /^(?!@regent\/)|^@regent\/(contract|sdk\/client)$/,
  vendors: /^@regent\/sdk(\/testing)?$/,
  skills: /^@regent\/sdk(\/testing)?$/,
};

/** The part a file belongs to: a context of the server, or a first-level folder. */
const partOf = (path: string): string => contextOf(path) ?? (path.split("/")[0] as string);

export const arrows: Rule = {
  name: "imports follow the arrows: capabilities do not run each other's code, and no import goes past a door",
  check: (files) => files.filter(isCode).flatMap((file) => check(file)),
  planted: [
    { files: { "server/gateway/a.ts": 'import { x } from "#approvals";' }, at: ["server/gateway/a.ts:1"] },
    { files: { "server/gateway/a.ts": 'import { type X } from "#approvals";' }, at: ["server/gateway/a.ts:1"] },
    { files: { "server/gateway/a.ts": '\nexport * from "#sandbox";' }, at: ["server/gateway/a.ts:2"] },
    { files: { "server/gateway/a.ts": 'const x = await import("#sandbox");' }, at: ["server/gateway/a.ts:1"] },
    { files: { "server/gateway/a.ts": 'import type { X } from "#approvals";' }, at: [] },
    { files: { "server/gateway/a.ts": 'import { x } from "#kernel"; import { y } from "#platform";' }, at: [] },
    { files: { "server/kernel/a.ts": 'import type { Gateway } from "#gateway";' }, at: ["server/kernel/a.ts:1"] },
    { files: { "server/platform/a.ts": 'import type { Kernel } from "#kernel";' }, at: ["server/platform/a.ts:1"] },
    { files: { "server/http/a.ts": 'import { createKernel } from "#kernel";' }, at: ["server/http/a.ts:1"] },
    { files: { "server/kernel/a/b.ts": 'import { x } from "../../gateway/x.ts";' }, at: ["server/kernel/a/b.ts:1"] },
    { files: { "server/kernel/a/b.ts": 'import { x } from "../c/x.ts";' }, at: [] },
    { files: { "server/gateway/a.ts": 'import { x } from "#kernel/x.ts";' }, at: ["server/gateway/a.ts:1"] },
    { files: { "server/gateway/a.ts": 'import { x } from "./x";' }, at: ["server/gateway/a.ts:1"] },
    { files: { "server/gateway/a.ts": 'import { x } from "#testing";' }, at: ["server/gateway/a.ts:1"] },
    { files: { "server/gateway/a.db.test.ts": 'import { x } from "#testing"; import "#approvals";' }, at: [] },
    { files: { "server/gateway/a.ts": 'import { x } from "@regent/cli";' }, at: ["server/gateway/a.ts:1"] },
    { files: { "server/app.ts": 'import { x } from "#gateway"; import { y } from "./main.ts";' }, at: [] },
    {
      files: { "contract/src/a.ts": 'import { x } from "hono"; import { z } from "zod";' },
      at: ["contract/src/a.ts:1"],
    },
    { files: { "contract/src/a.ts": 'import { x } from "../../server/app.ts";' }, at: ["contract/src/a.ts:1"] },
    { files: { "sdk/src/a.ts": 'import { x } from "#kernel";' }, at: ["sdk/src/a.ts:1"] },
    { files: { "cli/src/commands/a.ts": 'import { x } from "pg";' }, at: ["cli/src/commands/a.ts:1"] },
    { files: { "vendors/stripe/api.ts": 'import { x } from "@regent/contract";' }, at: ["vendors/stripe/api.ts:1"] },
    { files: { "skills/a/b/handler.ts": 'import { x } from "#tools";' }, at: ["skills/a/b/handler.ts:1"] },
    { files: { "console/src/a.ts": 'import { x } from "#kernel";' }, at: ["console/src/a.ts:1"] },
  ],
};

function check(file: SourceFile): Finding[] {
  return syntaxOf(file).imports.flatMap((each) => {
    const wrong = wrongIn(file, each);
    return wrong ? [{ path: file.path, line: each.line, message: `${each.specifier}: ${wrong}` }] : [];
  });
}

function wrongIn(file: SourceFile, { specifier, typeOnly }: Import): string | undefined {
  if (specifier.startsWith("node:")) return undefined;
  if (specifier.startsWith(".")) return wrongPath(file, specifier);
  if (specifier.startsWith("#")) return wrongDoor(file, specifier.slice(1), typeOnly);
  return wrongPackage(file, specifier);
}

function wrongPath(file: SourceFile, specifier: string): string | undefined {
  if (!/\.(ts|mjs|json)$/.test(specifier)) return "write the file's ending";
  const target = posix.join(posix.dirname(file.path), specifier);
  // Tests and benchmarks look inside; everything else comes through the door.
  if (isTest(file) || /^(bench|scripts)\//.test(file.path)) return undefined;
  return partOf(target) === partOf(file.path) ? undefined : "a relative path stays in its own context; use the door";
}

function wrongDoor(file: SourceFile, door: string, typeOnly: boolean): string | undefined {
  if (door.includes("/")) return "no import goes past a door";
  if (isTest(file) || /^(bench|scripts)\//.test(file.path)) return undefined;
  if (door === "testing") return "only tests use the tests' support";
  if (!file.path.startsWith("server/")) return "only the server has doors";
  const context = contextOf(file.path);
  if (context === undefined || mayImport(context, door, typeOnly)) return undefined;
  return typeOnly
    ? `${context} may not know ${door}`
    : `${context} may not run code of ${door}: declare the small interface that you need; server/app.ts joins the parts`;
}

function mayImport(context: string, door: string, typeOnly: boolean): boolean {
  const bound = BOUND[context];
  if (bound) return (typeOnly ? bound.types : bound.runs).includes(door);
  return typeOnly || (context === "http" ? HTTP_RUNS : CAPABILITY_RUNS).includes(door);
}

function wrongPackage(file: SourceFile, specifier: string): string | undefined {
  if (isTest(file)) return undefined;
  const part = partOf(file.path);
  const allowed = PACKAGES[part];
  if (allowed) return allowed.test(specifier) ? undefined : `${part} may import only ${allowed.source}`;
  if (file.path.startsWith("server/") && /^@regent\/(?!(contract|sdk)(\/|$))/.test(specifier))
    return "the server imports @regent/contract and @regent/sdk";
  return undefined;
}
