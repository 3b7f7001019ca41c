import { after } from "node:test";
import { DBOS } from "@dbos-inc/dbos-sdk";
import type { Approval, Daemon, Json, JsonObject, Run } from "@regent/contract";
import { createAgents } from "#agents";
import { type Approvals, createApprovals } from "#approvals";
import { type Companies, checkInputs, createCompanies } from "#company";
import { createExpressions } from "#expressions";
import { createGateway } from "#gateway";
import { createDbosEngine, createKernel, type Pinned, type RunningKernel } from "#kernel";
import {
  createFolderBlobs,
  createIds,
  type Digest,
  findDigests,
  silentLog,
  systemClock,
  systemRandom,
} from "#platform";
import { createSandbox } from "#sandbox";
import { createScripts } from "#scripts";
import { createTools } from "#tools";
import { createTriggers, type Triggers } from "#triggers";
import { createScratch, createWorkspaces, type Workspaces } from "#workspaces";
import { testDatabase } from "./database.ts";
import { temporaryFolder } from "./temporary-folder.ts";

export interface ExampleApp {
  kernel: RunningKernel;
  companies: Companies;
  workspaces: Workspaces;
  approvals: Approvals;
  events: Triggers["events"];
  /** Stores a local file or folder and returns what an input of that type takes. */
  addFile(path: string): Promise<string>;
  /** Starts a daemon of the company, or the definition given. */
  start(daemon: string | Pinned, inputs?: JsonObject): Promise<string>;
  /** Waits until the run asks, and answers. */
  decide(run: string, verdict: "approve" | "reject"): Promise<Approval>;
  end(run: string): Promise<Run>;
  /** Removes ended runs, then blobs that nothing names any more; as the server does it, but at once. */
  forget(): Promise<{ runs: number; blobs: number }>;
  /** Files of the run's workspace as its last stage left it, as text. */
  files(run: string): Promise<Record<string, string>>;
}

/** Everything real: engine, database, sandbox, blobs, company. No provider is configured, so the offline model answers. */
export async function exampleApp(folder: string): Promise<ExampleApp> {
  // Said before the database is made: hooks run in order, and the kernel must end before its database does.
  let close: () => Promise<void> = async () => {};
  after(() => close());
  const test = await testDatabase({ prepare: { key: "dbos-5.3.0", run: (url) => DBOS.migrate(url) } });
  const place = await temporaryFolder("examples");
  const { database: db } = test;
  const clock = systemClock;
  const ids = createIds({ clock, random: systemRandom });
  const expressions = createExpressions();
  const blobs = await createFolderBlobs({ folder: `${place}/blobs` });
  const workspaces = await createWorkspaces({ blobs, clock, cachesFolder: `${place}/caches` });
  const sandbox = await createSandbox({ directory: `${place}/sandbox` });
  const companies = await createCompanies({ folder, database: db, clock, watch: false });
  const gateway = createGateway({
    models: () => null,
    secrets: { get: () => undefined, values: () => [] },
    database: db,
    clock,
  });
  const agents = createAgents({ gateway, findAgent: (id) => companies.current().agents.get(id) });
  const scratch = createScratch(`${place}/scratch`);
  const scripts = createScripts({
    workspaces,
    sandbox,
    scratch,
    agents,
    companyId: () => companies.current().id,
  });
  const tools = createTools({ workspaces });
  const approvals = createApprovals({
    ...{ db, ids, clock },
    runs: { send: (run, topic, message, key, tx) => kernel.send(run, topic, message, key, tx) },
    events: { emit: (event, tx) => triggers.events.emit(event, tx) },
  });
  const added = new Map<string, { tree: Digest; kind: "file" | "folder" }>();
  const kernel: RunningKernel = await createKernel({
    db,
    engine: (program) =>
      createDbosEngine({
        ...{ program, pool: test.pool, url: test.url, works: true, exclusive: true },
        executor: `examples-${process.pid}`,
        applicationRole: "regent_app",
        log: { debug() {}, info() {}, warn() {}, error() {} },
      }),
    performers: { agent: agents.performer, ...scripts.performers, ...tools.performers, gate: approvals.performer },
    expressions,
    definitions: {
      daemon: async (digest) => (await companies.definition(digest))!.body as unknown as Daemon,
      body: async (digest) => (await companies.definition(digest))?.body,
    },
    blobs,
    trees: workspaces,
    checkInputs: (daemon, inputs, names) => checkInputs(daemon.inputs, inputs, names),
    inputFiles: async (daemon, inputs) =>
      daemon.inputs.flatMap(({ name, type }) => {
        const file = type === "file" || type === "folder" ? added.get(inputs[name] as string) : undefined;
        return file === undefined ? [] : [{ name, ...file }];
      }),
    events: () => triggers.events,
    async ended(run) {
      await triggers.events.unsubscribe(run);
      await approvals.runEnded(run);
    },
    clock,
    ids,
    log: silentLog,
  });
  const triggers = createTriggers({ db, ids, clock, log: silentLog, expressions, runs: kernel, companies });
  await kernel.launch();
  const app: ExampleApp = {
    kernel,
    companies,
    workspaces,
    approvals,
    events: triggers.events,
    async addFile(path) {
      const { tree } = await workspaces.addPath(path);
      const entries = await workspaces.list(tree);
      const id = `file_${added.size + 1}`;
      added.set(id, { tree, kind: entries.length === 1 && path.endsWith(entries[0]!.path) ? "file" : "folder" });
      return id;
    },
    async start(daemon, inputs = {}) {
      const pinned = typeof daemon === "string" ? await companies.pin(daemon) : daemon;
      return kernel.start({ pinned, inputs, trigger: { kind: "manual", by: "test" } });
    },
    async decide(run, verdict) {
      for (;;) {
        const { items } = await approvals.list({ run, limit: 1 });
        const [open] = items.filter((each) => each.state === "open");
        if (open) return approvals.decide(open.id, { verdict, by: "test" });
        const { status, error } = await kernel.settled(run, 100);
        if (status === "failed" || status === "succeeded" || status === "cancelled")
          throw new Error(`the run ended as ${status} and asked nobody: ${error?.message ?? ""}`);
      }
    },
    async end(run) {
      const ended = await kernel.settled(run, 120_000);
      return ended;
    },
    async forget() {
      const runs = await kernel.prune(-60_000);
      const { removed } = await blobs.sweep(await workspaces.reach(await findDigests(db)), -60_000);
      return { runs, blobs: removed };
    },
    async files(run) {
      const files: Record<string, string> = {};
      const tree = await lastTree(test.pool, run);
      for (const { path, kind } of await workspaces.list(tree))
        if (kind === "file") files[path] = Buffer.from(await workspaces.read(tree, path)).toString("utf8");
      return files;
    },
  };
  close = async () => {
    await kernel.close(2_000);
    await companies.close();
    await sandbox.close();
  };
  return app;
}

/** The newest tree that a recorded step of the run holds. */
async function lastTree(
  pool: { query(sql: string, values: unknown[]): Promise<{ rows: { output: string }[] }> },
  run: string,
) {
  const { rows } = await pool.query(
    "select output from dbos.operation_outputs where workflow_uuid = $1 order by completed_at_epoch_ms desc, function_id desc",
    [run],
  );
  for (const { output } of rows) {
    const found = /"tree":"(sha256:[0-9a-f]{64})"/.exec(output?.replaceAll("\\", "") ?? "");
    if (found) return found[1] as Digest;
  }
  throw new Error("the run left no workspace");
}

export const outputOf = (run: Run): JsonObject => run.output as { [key: string]: Json };
