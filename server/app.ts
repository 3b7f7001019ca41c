import { hostname } from "node:os";
import { join } from "node:path";
import { type Daemon, fail, type Json, type JsonObject, RegentError } from "@regent/contract";
import { createAgents } from "#agents";
import { createApprovals } from "#approvals";
import { checkInputs, createCompanies } from "#company";
import { createExpressions } from "#expressions";
import { createFiles } from "#files";
import { createGateway } from "#gateway";
import { createHttp, type Http } from "#http";
import { createDbosEngine, createKernel, type RunningKernel } from "#kernel";
import {
  type Config,
  systemClock as clock,
  createFolderBlobs,
  createIds,
  type Digest,
  findDigests,
  type Log,
  openDatabase,
  systemRandom as random,
} from "#platform";
import { createSandbox } from "#sandbox";
import { createScripts } from "#scripts";
import { createTools } from "#tools";
import { createTriggers, type Triggers } from "#triggers";
import { createScratch, createWorkspaces } from "#workspaces";
import { doorsOfHttp } from "./doors-of-http.ts";
import { createStatus } from "./status.ts";

export interface App {
  /** Absent in worker processes, which answer nobody. */
  http: Http | undefined;
  kernel: RunningKernel;
  /** Takes no more requests, lets steps in flight finish, and ends what was started. */
  close(): Promise<void>;
}

export interface AppOptions {
  config: Config;
  log: Log;
  version: string;
  /** Another Regent took the data folder: this process must end. */
  onLost?(error: Error): void;
}

const DRAIN_MS = 5_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * Regent, put together: the one place that knows every part.
 * @throws DataFolderInUse, company_has_errors, Error  each with a sentence for the operator
 */
export async function createApp({ config, log, version, onLost }: AppOptions): Promise<App> {
  const startedAt = clock.now();
  const ids = createIds({ clock, random });
  const expressions = createExpressions();
  const inData = (name: string) => join(config.dataFolder, name);
  // Ended in the opposite order, also when the start fails half way.
  await using begun = new AsyncDisposableStack();
  const opened = await openDatabase({ ...config, log, ...(onLost === undefined ? {} : { onLost }) });
  begun.defer(() => opened.close());
  const { database: db, ownerPool, postgres } = opened;
  const [sandbox, blobs] = await Promise.all([
    createSandbox({ directory: inData("sandbox"), clock }),
    createFolderBlobs({ folder: inData("blobs") }),
  ]);
  begun.defer(() => sandbox.close());
  const companies = await createCompanies({ folder: config.companyFolder, database: db, clock, expressions, log });
  begun.defer(() => companies.close());
  const workspaces = await createWorkspaces({ blobs, clock, cachesFolder: inData("caches") });
  const scratch = createScratch(inData("scratch"));
  const files = createFiles({ db, clock, ids, workspaces });
  const gateway = createGateway({
    models: () => companies.current().models,
    secrets: config.secrets,
    database: db,
    clock,
  });
  const agents = createAgents({
    gateway,
    findAgent: (reference) => companies.current().agents.get(reference.replaceAll("_", "-")),
  });
  const scripts = createScripts({
    ...{ workspaces, sandbox, scratch, agents },
    companyId: () => companies.current().id,
  });
  const tools = createTools({ workspaces });
  let triggers: Triggers;
  const approvals = createApprovals({
    ...{ db, clock, ids },
    runs: { send: (...message) => kernel.send(...message) },
    events: { emit: (event, tx) => triggers.events.emit(event, tx) },
  });

  const kernel: RunningKernel = await createKernel({
    ...{ db, expressions, blobs, clock, ids, log },
    engine: (program) =>
      createDbosEngine({
        ...{ program, pool: ownerPool, url: postgres.url, works: config.role !== "api" },
        executor: `${hostname()}-${process.pid}-${startedAt}`,
        exclusive: postgres.kind === "embedded",
        ...(opened.role === undefined ? {} : { applicationRole: opened.role }),
        log,
      }),
    performers: {
      ...scripts.performers,
      ...tools.performers,
      agent: agents.performer,
      gate: approvals.performer,
    },
    definitions: {
      daemon: async (digest) => (await definition(digest)) as unknown as Daemon,
      body: (digest) => definition(digest).catch(() => undefined),
    },
    trees: workspaces,
    checkInputs: (daemon, inputs, names) => checkInputs(daemon.inputs, inputs, names),
    inputFiles,
    events: () => triggers.events,
    async ended(run) {
      await approvals.runEnded(run);
      await triggers.events.unsubscribe(run);
    },
  });
  triggers = createTriggers({ ...{ db, clock, ids, log, expressions, companies }, runs: kernel });

  /** Definitions never change under a digest, so what was read once is kept. */
  const definitions = new Map<Digest, Promise<Json>>();
  function definition(digest: Digest): Promise<Json> {
    const known = definitions.get(digest) ?? readDefinition(digest);
    if (definitions.size > 2_000) definitions.clear();
    definitions.set(digest, known);
    known.catch(() => definitions.delete(digest));
    return known;
  }
  async function readDefinition(digest: Digest): Promise<Json> {
    const found = await companies.definition(digest);
    if (found === undefined) throw fail("not_found", { what: `definition ${digest}` });
    return found.body;
  }

  async function inputFiles(
    daemon: Daemon,
    inputs: JsonObject,
  ): Promise<{ name: string; tree: Digest; kind: "file" | "folder" }[]> {
    const given = daemon.inputs.filter(
      (field) => (field.type === "file" || field.type === "folder") && inputs[field.name] !== null,
    );
    return Promise.all(
      given.map(async ({ name, type }) => ({
        name,
        tree: await treeOf(inputs[name] as Json),
        kind: type as "file" | "folder",
      })),
    );
  }
  async function treeOf(input: Json): Promise<Digest> {
    const id = typeof input === "string" ? input : (input as { id: string }).id;
    return (id.startsWith("sha256:") ? id : (await files.get(id)).digest) as Digest;
  }

  /** Only a run that is not there any more has ended as well; whoever cannot be asked has not. */
  async function hasEnded(run: string): Promise<boolean> {
    try {
      return (await kernel.get(run)).ended_at !== null;
    } catch (error) {
      if (error instanceof RegentError && error.code === "not_found") return true;
      throw error;
    }
  }

  const works = config.role !== "api";
  if (works) {
    await scratch.sweep();
    await sandbox.reap();
  }
  begun.defer(() => kernel.close(DRAIN_MS));
  await kernel.launch();
  if (works) {
    const loop = triggers.start();
    begun.defer(() => loop.stop());
    const chores = setInterval(() => void tidy(), HOUR_MS);
    begun.defer(() => clearInterval(chores));
  }
  let sweptAt = startedAt;
  async function tidy(): Promise<void> {
    try {
      if (config.retentionDays !== undefined) await kernel.prune(config.retentionDays * 24 * HOUR_MS);
      await approvals.sweep(hasEnded);
      if (clock.now() - sweptAt > DAY_MS) {
        sweptAt = clock.now();
        // Whoever writes a blob names it in the database soon after; a day is far more than any step lasts.
        await blobs.sweep(await workspaces.reach(await findDigests(db)), DAY_MS);
      }
    } catch (error) {
      log.warn({ reason: String(error) }, "old runs could not be removed; tried again in an hour");
    }
  }

  const status = createStatus({ config, version, startedAt, db, postgres, sandbox, companies, gateway });
  const http =
    config.role === "worker"
      ? undefined
      : await createHttp({
          ...{
            db,
            clock,
            ids,
            random,
            log,
            version,
            dataFolder: config.dataFolder,
            host: config.host,
            port: config.port,
          },
          ...doorsOfHttp({ kernel, approvals, triggers, files, companies, gateway, status }),
        });

  begun.defer(() => http?.close(DRAIN_MS));
  const running = begun.move();
  return { http, kernel, close: () => running.disposeAsync() };
}
