import { createHash } from "node:crypto";
import { DBOS } from "@dbos-inc/dbos-sdk";
import type { Daemon, Json, JsonObject } from "@regent/contract";
import { type Approvals, createApprovals } from "#approvals";
import { createExpressions } from "#expressions";
import {
  createDbosEngine,
  createKernel,
  type KernelDeps,
  type Performers,
  type Pinned,
  type RunningKernel,
} from "#kernel";
import {
  createDatabase,
  createFolderBlobs,
  createIds,
  createOwnerPool,
  type Digest,
  silentLog,
  systemClock,
  systemRandom,
} from "#platform";
import { createTriggers, type Triggers } from "#triggers";

export interface KernelApp {
  kernel: RunningKernel;
  /** The real event log on the same database. */
  events: Triggers["events"];
  triggers: Triggers;
  /** The real approvals; gates use them when `gates` is set. */
  approvals: Approvals;
  pinned(daemon: Daemon, children?: Daemon[]): Pinned;
  close(): Promise<void>;
}

export interface KernelAppOptions {
  url: string;
  /** Where several processes share one database they share their blobs, too. Absent: in memory. */
  blobs?: string;
  performers: Performers;
  /** True: gates ask real people. */
  gates?: boolean;
  /** Daemons that triggers may start. */
  triggered?: Daemon[];
  executor?: string;
  exclusive?: boolean;
  leaseMs?: number;
  works?: boolean;
  queuePollMs?: number;
  takesAtMost?: number;
  probe?: (moment: string) => void;
  daemons?: Daemon[];
  engine?: KernelDeps["engine"];
}

const EMPTY = `sha256:${"0".repeat(64)}` as Digest;
const digestOfText = (text: string): Digest => `sha256:${createHash("sha256").update(text).digest("hex")}`;

/** The kernel on the durable engine and a real database, with definitions in memory. */
export async function startKernel(options: KernelAppOptions): Promise<KernelApp> {
  const pool = createOwnerPool({ url: options.url, max: 20, log: silentLog, mayExit: true });
  const db = createDatabase({
    url: options.url,
    max: 10,
    company: "main",
    role: "regent_app",
    log: silentLog,
    mayExit: true,
  });
  const daemons = new Map<string, Daemon>();
  const digestOf = (daemon: Daemon): Digest => digestOfText(JSON.stringify(daemon));
  for (const daemon of options.daemons ?? []) daemons.set(digestOf(daemon), daemon);
  const ids = createIds({ clock: systemClock, random: systemRandom });
  const approvals = createApprovals({
    ...{ db, ids, clock: systemClock },
    runs: { send: (run, topic, message, key, tx) => kernel.send(run, topic, message, key, tx) },
    events: { emit: (event, tx) => triggers.events.emit(event, tx) },
  });
  const pinned: KernelApp["pinned"] = (daemon, children = []) => {
    daemons.set(digestOf(daemon), daemon);
    for (const child of children) daemons.set(digestOf(child), child);
    const pins = Object.fromEntries(children.map((child) => [`daemon/${child.id}`, digestOf(child)]));
    return { digest: digestOf(daemon), daemon, pins, names: {} as JsonObject };
  };
  const triggered = new Map((options.triggered ?? []).map((daemon) => [daemon.id, daemon]));
  const company = { daemons: triggered, triggers: new Map(), timezone: "UTC" };
  const kernel: RunningKernel = await createKernel({
    db,
    engine:
      options.engine ??
      ((program) =>
        createDbosEngine({
          ...{ program, pool, url: options.url, works: options.works ?? true, exclusive: options.exclusive ?? true },
          executor: options.executor ?? `test-${process.pid}`,
          leaseMs: options.leaseMs ?? 5_000,
          applicationRole: "regent_app",
          log: { debug() {}, info() {}, warn() {}, error() {} },
          ...(options.takesAtMost === undefined ? {} : { takesAtMost: options.takesAtMost }),
          ...(options.queuePollMs === undefined ? {} : { queuePollMs: options.queuePollMs }),
          ...(options.probe === undefined ? {} : { probe: options.probe }),
        })),
    performers: options.gates ? { ...options.performers, gate: approvals.performer } : options.performers,
    expressions: createExpressions(),
    definitions: {
      daemon: async (digest) => daemons.get(digest)!,
      body: async (digest) => daemons.get(digest) as unknown as Json,
    },
    blobs: options.blobs === undefined ? blobsInMemory() : await createFolderBlobs({ folder: options.blobs }),
    trees: { empty: EMPTY, merge: async (_base, branches) => digestOfText(branches.map((one) => one.tree).join()) },
    checkInputs: (daemon, inputs) => ({
      inputs,
      errors: Object.keys(inputs)
        .filter((name) => !daemon.inputs.some((field) => field.name === name))
        .map((name) => ({ pointer: `/${name}`, message: "is not an input of this daemon" })),
    }),
    inputFiles: async () => [],
    events: () => triggers.events,
    async ended(run) {
      await triggers.events.unsubscribe(run);
      await approvals.runEnded(run);
    },
    clock: systemClock,
    ids,
    log: silentLog,
  });
  const triggers = createTriggers({
    ...{ db, ids, clock: systemClock, log: silentLog, expressions: createExpressions(), runs: kernel },
    companies: {
      current: () => company,
      pin: async (daemon) => pinned(triggered.get(daemon)!),
    },
  });
  await kernel.launch();
  const loop = options.works === false ? undefined : triggers.start();
  return {
    kernel,
    events: triggers.events,
    triggers,
    approvals,
    pinned,
    async close() {
      await loop?.stop();
      await kernel.close(0);
      await Promise.all([db.close(), pool.end()]);
    },
  };
}

function blobsInMemory(): KernelDeps["blobs"] {
  const blobs = new Map<string, Uint8Array>();
  return {
    async put(bytes: Uint8Array) {
      const digest = `sha256:${createHash("sha256").update(bytes).digest("hex")}` as Digest;
      blobs.set(digest, bytes);
      return digest;
    },
    get: async (digest: Digest) => blobs.get(digest)!,
  } as KernelDeps["blobs"];
}

/** The engine's own tables, made once in the template that test databases are cloned from. */
export const withEngine = {
  key: "dbos-5.3.0",
  async run(url: string): Promise<void> {
    await DBOS.migrate(url);
  },
};
