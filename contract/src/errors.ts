import type { Json } from "./json.ts";

/** Who can act on an error: the one who asked, the one who runs the server, or the authors of Regent. */
export type WhoCanAct = "caller" | "operator" | "us";

/**
 * Every error that leaves the server: code → HTTP status, who can act, and the sentence the public reads.
 * `{name}` in a sentence is filled from the error's detail. One table, so that no code exists twice.
 */
export const ERRORS = {
  invalid_input: { status: 400, who: "caller", title: "The input is not valid." },
  invalid_definition: { status: 400, who: "caller", title: "The definition has errors." },
  unauthenticated: { status: 401, who: "caller", title: "A token is needed. Send it as `Authorization: Bearer …`." },
  forbidden: { status: 403, who: "caller", title: "This token may not do that." },
  foreign_host: { status: 403, who: "caller", title: "This server does not answer under the name {host}." },
  foreign_origin: { status: 403, who: "caller", title: "Requests from other sites are refused." },
  not_found: { status: 404, who: "caller", title: "There is no such {what}." },
  method_not_allowed: { status: 405, who: "caller", title: "This path does not take that method." },
  unsupported_media_type: { status: 415, who: "caller", title: "The body must be {expected}." },
  payload_too_large: { status: 413, who: "caller", title: "The request is larger than {limit}." },
  idempotency_key_reused: {
    status: 409,
    who: "caller",
    title: "This Idempotency-Key was used before with another request.",
  },
  request_in_progress: {
    status: 409,
    who: "caller",
    title: "A request with this Idempotency-Key is still at work. Ask again in a moment.",
  },
  run_has_ended: { status: 409, who: "caller", title: "The run has ended already ({status})." },
  run_is_not_paused: { status: 409, who: "caller", title: "The run is not paused." },
  daemon_cannot_start: { status: 409, who: "operator", title: "The daemon cannot start: {missing}." },
  approval_already_decided: { status: 409, who: "caller", title: "The approval was decided before, by {by}." },
  approval_not_open: { status: 409, who: "caller", title: "The approval is {state}." },
  decision_is_effective: {
    status: 409,
    who: "caller",
    title: "The decision is in effect since {at} and cannot be taken back.",
  },
  company_has_errors: {
    status: 409,
    who: "operator",
    title: "The company's files have errors; run `npx regent check`.",
  },
  database_unavailable: {
    status: 503,
    who: "operator",
    title: "The database does not answer; work waits and goes on.",
  },
  not_ready: { status: 503, who: "operator", title: "Not ready: {reason}" },
  internal: { status: 500, who: "us", title: "Something in Regent went wrong." },

  stage_failed: { status: 422, who: "caller", title: "A stage failed." },
  script_failed: { status: 422, who: "caller", title: "The script ended with exit code {exit}." },
  script_stopped: { status: 422, who: "caller", title: "The script was stopped: {outcome}." },
  script_output_invalid: { status: 422, who: "caller", title: "The script's output.json cannot be used: {reason}." },
  script_value_refused: { status: 422, who: "caller", title: "The script cannot be given {name}: {reason}." },
  sandbox_unavailable: { status: 503, who: "operator", title: "No sandbox works here: {reason}" },
  runtime_missing: { status: 422, who: "operator", title: "The runtime {runtime} is not here: {fix}." },
  network_refused: { status: 403, who: "operator", title: "The network call was refused: {reason}" },
  evidence_false: { status: 422, who: "caller", title: "The evidence does not hold: {expression}" },
  expression_failed: { status: 422, who: "caller", title: "The expression failed: {reason}" },
  stage_timed_out: { status: 422, who: "caller", title: "The stage took longer than {limit}." },
  run_timed_out: { status: 422, who: "caller", title: "The run took longer than {limit}." },
  rejected: { status: 422, who: "caller", title: "The gate was rejected." },
  conflicting_files: { status: 422, who: "caller", title: "Two branches changed {path}." },
  workspace_too_large: { status: 422, who: "caller", title: "The workspace is larger than {limit}." },
  file_refused: { status: 422, who: "caller", title: "The file {path} cannot be kept in the workspace: {reason}." },
  too_many_items: {
    status: 422,
    who: "caller",
    title: "Too many items for one for-each stage: {count}, at most {limit}.",
  },
  sub_daemon_failed: { status: 422, who: "caller", title: "The sub-daemon {daemon} ended as {status}." },
  model_unavailable: { status: 503, who: "operator", title: "The model {model} cannot be called: {reason}" },
  model_failed: { status: 502, who: "operator", title: "The model call failed: {reason}" },
  model_output_invalid: { status: 502, who: "caller", title: "The model's output does not fit the schema: {reason}" },
  budget_spent: { status: 402, who: "operator", title: "The budget of {scope} is spent ({limit})." },
  tool_failed: { status: 422, who: "caller", title: "The tool {tool} failed: {reason}" },
} as const satisfies Record<string, { status: number; who: WhoCanAct; title: string }>;

export type ErrorCode = keyof typeof ERRORS;

/** An error whose code is in the table. `detail` is for programs and for us; the public sentence is `message`. */
export class RegentError extends Error {
  readonly code: ErrorCode;
  readonly detail: Record<string, Json>;

  constructor(code: ErrorCode, detail: Record<string, Json> = {}, options?: { cause?: unknown }) {
    super(toSentence(ERRORS[code].title, detail), options);
    this.name = "RegentError";
    this.code = code;
    this.detail = detail;
  }
}

/** `throw fail("not_found", { what: "run" })` */
export const fail = (code: ErrorCode, detail?: Record<string, Json>, cause?: unknown): RegentError =>
  new RegentError(code, detail, cause === undefined ? undefined : { cause });

export const isErrorCode = (code: string): code is ErrorCode => Object.hasOwn(ERRORS, code);

const toSentence = (title: string, detail: Record<string, Json>): string =>
  title.replace(/\{(\w+)\}/g, (_, name: string) => {
    const value = detail[name];
    return value === undefined ? name : typeof value === "string" ? value : JSON.stringify(value);
  });
