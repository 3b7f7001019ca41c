/** Every operation against the real app: each status that it promises, and the shape of what it answers. */
import { deepEqual, equal, ok } from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, test } from "node:test";
import { ERRORS, type ErrorCode, listOperations, type NamedOperation } from "@regent/contract";
import { testApi } from "#testing";

const FADING =
  "daemon:\n  name: Fading\n  version: 1.0.0\n  stages:\n    - { name: Tell, type: emit, event: fading.told, with: {} }\n";

const COMPANY = {
  "fading.daemon.yaml": FADING,
  "note.daemon.yaml": `
daemon:
  name: Note
  version: 1.0.0
  inputs: [ { name: days, type: integer, default: 7, min: 1 } ]
  stages:
    - { name: Tell, type: emit, event: note.told, with: { days: "\${days}" } }
`,
  "ask.daemon.yaml": `
daemon:
  name: Ask
  version: 1.0.0
  stages:
    - { name: Decide, type: gate, ask: Shall we?, show: [ "<b>this</b>" ], who: approver }
    - { name: After, type: emit, event: ask.done, with: {} }
`,
  "later.daemon.yaml": `
daemon:
  name: Later
  version: 1.0.0
  stages:
    - Rest (Script)
`,
};

const api = await testApi(COMPANY);

async function endedRun(daemon = "note"): Promise<string> {
  const run = await api.client.runs.start({ daemon });
  await api.app.kernel.settled(run.id, 10_000);
  return run.id;
}

/** The folder is watched: a change counts within moments. */
async function versionOf(daemon: string): Promise<void> {
  for (let attempt = 0; attempt < 400; attempt++) {
    if ((await api.client.definitions.getDaemon({ id: daemon })).stages === 2) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error("the changed file was not read");
}

async function askingRun(): Promise<{ run: string; approval: string }> {
  const { id: run } = await api.client.runs.start({ daemon: "ask" });
  for (let attempt = 0; attempt < 200; attempt++) {
    const { items } = await api.client.approvals.list({ run, status: "open" });
    if (items[0]) return { run, approval: items[0].id };
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  throw new Error("the gate did not ask");
}

const decided = async (effective_after?: string) => {
  const asking = await askingRun();
  await api.client.approvals.decide({
    id: asking.approval,
    verdict: "approve",
    ...(effective_after ? { effective_after } : {}),
  });
  return asking;
};

const upload = async () => api.client.files.upload({ name: "a.txt" }, { body: "hello", contentType: "text/plain" });

type Case = () => Promise<Response>;
const post = (path: string, body: unknown = {}) => api.ask("POST", path, body);
const get = (path: string) => api.ask("GET", path);

/** By operation: how each promised success and refusal comes about. Refusals that are the same everywhere are below. */
const CASES: Record<string, Record<string, Case>> = {
  "runs.start": {
    202: () => post("/v1/runs", { daemon: "note", inputs: { days: 3 } }),
    invalid_definition: () =>
      post("/v1/runs", { definition: "daemon: { name: X, stages: [ { name: A, type: nothing } ] }" }),
    not_found: () => post("/v1/runs", { daemon: "nobody" }),
    daemon_cannot_start: () => post("/v1/runs", { daemon: "later" }),
  },
  "runs.list": { 200: () => get("/v1/runs?status=succeeded,waiting&daemon=note&limit=2") },
  "runs.get": { 200: async () => get(`/v1/runs/${await endedRun()}`), not_found: () => get("/v1/runs/run_nobody") },
  "runs.log": {
    200: async () => get(`/v1/runs/${await endedRun()}/log`),
    not_found: () => get("/v1/runs/run_nobody/log"),
  },
  "runs.cancel": {
    202: async () => post(`/v1/runs/${(await askingRun()).run}/cancellation`, { reason: "no" }),
    not_found: () => post("/v1/runs/run_nobody/cancellation"),
    run_has_ended: async () => post(`/v1/runs/${await endedRun()}/cancellation`),
  },
  "runs.pause": {
    202: async () => post(`/v1/runs/${(await askingRun()).run}/pause`),
    not_found: () => post("/v1/runs/run_nobody/pause"),
    run_has_ended: async () => post(`/v1/runs/${await endedRun()}/pause`),
  },
  "runs.resume": {
    202: async () => {
      const { run } = await askingRun();
      await api.client.runs.pause({ id: run });
      return post(`/v1/runs/${run}/resumption`);
    },
    not_found: () => post("/v1/runs/run_nobody/resumption"),
    run_has_ended: async () => post(`/v1/runs/${await endedRun()}/resumption`),
    run_is_not_paused: async () => post(`/v1/runs/${(await askingRun()).run}/resumption`),
  },
  "runs.replay": {
    202: async () => post(`/v1/runs/${await endedRun()}/replay`, { set: { days: 4 }, version: "latest" }),
    not_found: () => post("/v1/runs/run_nobody/replay"),
    // The company's newest version has lost the text of its script.
    daemon_cannot_start: async () => {
      const run = await endedRun("fading");
      await writeFile(join(api.companyFolder, "fading.daemon.yaml"), `${FADING}    - Gone (Script)\n`);
      await versionOf("fading");
      return post(`/v1/runs/${run}/replay`, { version: "latest" });
    },
  },
  "runs.compare": {
    200: async () => get(`/v1/runs/${await endedRun()}/comparison?with=${await endedRun()}`),
    not_found: async () => get(`/v1/runs/${await endedRun()}/comparison?with=run_nobody`),
  },
  "runs.prune": { 200: () => post("/v1/runs/pruning", { older_than: "365d" }) },
  "approvals.list": { 200: () => get("/v1/approvals?status=open") },
  "approvals.get": {
    200: async () => get(`/v1/approvals/${(await askingRun()).approval}`),
    not_found: () => get("/v1/approvals/apr_nobody"),
  },
  "approvals.decide": {
    200: async () =>
      post(`/v1/approvals/${(await askingRun()).approval}/decision`, { verdict: "approve", note: "yes" }),
    not_found: () => post("/v1/approvals/apr_nobody/decision", { verdict: "approve" }),
    approval_already_decided: async () =>
      post(`/v1/approvals/${(await decided()).approval}/decision`, { verdict: "reject" }),
    approval_not_open: async () => {
      const { run, approval } = await askingRun();
      await api.client.runs.cancel({ id: run });
      return post(`/v1/approvals/${approval}/decision`, { verdict: "approve" });
    },
  },
  "approvals.undo": {
    200: async () => api.ask("DELETE", `/v1/approvals/${(await decided("1h")).approval}/decision`),
    not_found: () => api.ask("DELETE", "/v1/approvals/apr_nobody/decision"),
    approval_not_open: async () => api.ask("DELETE", `/v1/approvals/${(await askingRun()).approval}/decision`),
    decision_is_effective: async () => api.ask("DELETE", `/v1/approvals/${(await decided()).approval}/decision`),
  },
  "approvals.decideMany": {
    // A list as the body, as INTERFACE has it; one of them is unknown, and fails alone.
    200: async () =>
      post("/v1/approvals/decisions", [
        { id: (await askingRun()).approval, verdict: "reject" },
        { id: "apr_nobody", verdict: "approve" },
      ]),
  },
  "approvals.escalate": {
    200: async () => post(`/v1/approvals/${(await askingRun()).approval}/escalation`),
    not_found: () => post("/v1/approvals/apr_nobody/escalation"),
    approval_already_decided: async () => post(`/v1/approvals/${(await decided()).approval}/escalation`),
    approval_not_open: async () => {
      const { run, approval } = await askingRun();
      await api.client.runs.cancel({ id: run });
      return post(`/v1/approvals/${approval}/escalation`);
    },
  },
  "events.emit": { 201: () => post("/v1/events", { type: "order.paid", data: { order: 1 }, id: "order-1" }) },
  "events.list": { 200: () => get("/v1/events?type=order.paid") },
  "files.upload": {
    201: () => fetch(`${api.url}/v1/files?name=a.txt`, { method: "POST", headers: auth(), body: "hello" }),
  },
  "files.list": { 200: () => get("/v1/files") },
  "files.get": {
    200: async () => get(`/v1/files/${(await upload()).id}`),
    not_found: () => get("/v1/files/file_nobody"),
  },
  "files.download": {
    200: async () => get(`/v1/files/${(await upload()).id}/content`),
    not_found: async () => get(`/v1/files/${(await upload()).id}/content?path=b.txt`),
  },
  "definitions.listDaemons": { 200: () => get("/v1/definitions/daemons?limit=2") },
  "definitions.getDaemon": {
    200: () => get("/v1/definitions/daemons/note"),
    not_found: () => get("/v1/definitions/daemons/x"),
  },
  "definitions.problems": { 200: () => get("/v1/definitions/problems") },
  "definitions.listSchemas": { 200: () => get("/v1/definitions/schemas") },
  "definitions.getSchema": {
    200: () => get("/v1/definitions/schemas/daemon"),
    not_found: () => get("/v1/definitions/schemas/nobody"),
  },
  "models.list": { 200: () => get("/v1/gateway/models") },
  "models.test": { 200: () => post("/v1/gateway/tests", { model: "offline" }) },
  "triggers.list": { 200: () => get("/v1/triggers") },
  "triggers.problems": { 200: () => get("/v1/triggers/problems?limit=5") },
  "stream.follow": {
    200: async () => {
      const stop = new AbortController();
      after(() => stop.abort());
      return fetch(`${api.url}/v1/stream`, { headers: auth(), signal: stop.signal });
    },
  },
  "system.health": { 200: () => get("/healthz") },
  "system.ready": { 200: () => get("/readyz") },
  "system.metrics": { 200: () => get("/metrics") },
  "system.openapi": { 200: () => get("/v1/openapi.json") },
  "system.status": { 200: () => get("/v1/status") },
};

/** Shown elsewhere, or by nothing that a request can do. */
const SHOWN_ELSEWHERE: ReadonlySet<ErrorCode> = new Set([
  "not_ready", // needs a lost database: `http.db.test.ts`
  "payload_too_large", // `uploads.db.test.ts`
  "unsupported_media_type",
  "workspace_too_large",
]);

const auth = () => ({ authorization: `Bearer ${api.token}` });

for (const named of listOperations()) {
  const { name, operation } = named;
  const success = String(operation.status ?? 200);

  test(`${name} answers ${success} in its declared shape`, async () => {
    const response = await CASES[name]![success]!();
    equal(response.status, Number(success), name);
    if (operation.answer === undefined || operation.answer === "json") {
      const answer = operation.output.safeParse(await response.json());
      ok(answer.success, answer.error?.message);
    } else await response.body?.cancel();
  });

  for (const code of operation.errors) {
    if (SHOWN_ELSEWHERE.has(code)) continue;
    test(`${name} refuses with ${code} (${ERRORS[code].status})`, async () => {
      const response = await CASES[name]![code]!();
      equal(response.status, ERRORS[code].status);
      const problem = (await response.json()) as { code: string; status: number; detail: string };
      deepEqual([problem.code, problem.status], [code, ERRORS[code].status]);
      ok(problem.detail.length > 10);
    });
  }

  if (operation.allow !== "public")
    test(`${name} refuses without a token (401)`, async () => {
      const response = await fetch(api.url + toPath(named), { method: operation.method });
      equal(response.status, 401);
    });

  test(`${name} refuses what it does not know (400), and says where`, async () => {
    const takesBody = operation.method === "POST" && operation.body !== "bytes";
    const response = takesBody
      ? await api.ask(operation.method, toPath(named), { nonsense: 1 })
      : await api.ask(operation.method, `${toPath(named)}?nonsense=1`);
    equal(response.status, 400);
    const { code, errors } = (await response.json()) as { code: string; errors: { pointer: string }[] };
    equal(code, "invalid_input");
    ok(
      errors.some(({ pointer }) => pointer === "/nonsense"),
      JSON.stringify(errors),
    );
  });
}

const toPath = ({ noun, operation }: NamedOperation): string =>
  operation.path.replace(/:(\w+)/g, () => ({ runs: "run_x", approvals: "apr_x", files: "file_x" })[noun] ?? "x");
