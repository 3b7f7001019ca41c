import { ApiError } from "@regent/sdk";
import { EXIT, UsageError } from "./command.ts";
import type { Output } from "./output/output.ts";
import { toPlain } from "./output/paint.ts";

/** Says what went wrong and how the command ends. With `--json` the one document says it, too. */
export function reportError(output: Output, error: unknown): number {
  const code = error instanceof ApiError ? error.code : error instanceof UsageError ? "wrong_usage" : "failed";
  const message = code === "unauthenticated" ? WRONG_TOKEN : error instanceof Error ? error.message : String(error);
  const errors = error instanceof ApiError ? error.errors : [];
  output.note(`${output.paint("fail", "✗")} ${message.split("\n").map(toPlain).join("\n")}`);
  for (const { pointer, message: what } of errors) output.note(`  ${toPlain(pointer || "/")}  ${toPlain(what)}`);
  if (output.json) output.answer({ error: { code, message, errors } }, () => "");
  return toExit(error);
}

const WRONG_TOKEN =
  "The server does not take this token. The right one is the file token in the server's data folder: name that folder with --data, or set REGENT_TOKEN.";

/** Codes that say: a rule, a budget or a right stands in the way, not a fault. */
const REFUSED = new Set([
  "unauthenticated",
  "forbidden",
  "foreign_host",
  "budget_spent",
  "network_refused",
  "rejected",
]);

function toExit(error: unknown): number {
  if (error instanceof UsageError) return EXIT.wrongUsage;
  if (!(error instanceof ApiError)) return EXIT.failed;
  if (REFUSED.has(error.code)) return EXIT.refused;
  return error.status === 400 || error.code === "company_has_errors" ? EXIT.wrongUsage : EXIT.failed;
}
