import type {
  Approval,
  ApprovalState,
  Daemon,
  Event,
  FileProblem,
  JsonObject,
  ModelTest,
  ModelView,
  Page,
  Run,
  RunComparison,
  RunStatus,
  RunSummary,
  StoredFile,
  StoredFileEntry,
  SystemStatus,
  TriggerProblem,
  TriggerView,
  Verdict,
} from "@regent/contract";

/** What the API needs of the others, each as small as it can be. `app.ts` joins them. */
export interface Capabilities {
  runs: RunsDoor;
  approvals: ApprovalsDoor;
  events: EventsDoor;
  triggers: TriggersDoor;
  files: FilesDoor;
  definitions: DefinitionsDoor;
  models: ModelsDoor;
  system: SystemDoor;
}

export interface RunsDoor {
  /** The same id again is the same run. */
  start(request: {
    id: string;
    /** Either this or `definition`. */
    daemon?: string;
    definition?: string | JsonObject;
    inputs: JsonObject;
    by: string;
    priority?: number;
  }): Promise<string>;
  get(run: string): Promise<Run>;
  list(filter: {
    daemon?: string;
    status?: RunStatus[];
    limit: number;
    cursor?: string;
  }): Promise<{ items: RunSummary[]; nextCursor: string | null }>;
  cancel(run: string, by: string, reason?: string): Promise<void>;
  pause(run: string, by: string): Promise<void>;
  resume(run: string, by: string): Promise<void>;
  replay(replay: {
    id: string;
    run: string;
    from?: string;
    set?: JsonObject;
    version: "pinned" | "latest";
    by: string;
  }): Promise<string>;
  compare(a: string, b: string): Promise<RunComparison>;
  prune(olderThanMs: number): Promise<number>;
}

export interface ApprovalsDoor {
  list(filter: {
    status?: ApprovalState;
    run?: string;
    limit: number;
    cursor?: string;
  }): Promise<{ items: Approval[]; nextCursor: string | null }>;
  get(id: string): Promise<Approval>;
  decide(
    id: string,
    decision: { verdict: Verdict; by: string; note?: string; changes?: JsonObject; effectiveAfterMs?: number },
  ): Promise<Approval>;
  undo(id: string, by: string): Promise<Approval>;
  escalate(id: string, by: string): Promise<Approval>;
}

export interface EventsDoor {
  /** The same id again is the same event. */
  emit(event: { id: string; type: string; data: JsonObject; source: string }): Promise<string>;
  get(id: string): Promise<Event>;
  list(filter: { type?: string; limit: number; cursor?: string }): Promise<Page<Event>>;
}

export interface FilesDoor {
  /** Stores what lies at a local path. The same id again is the same file. */
  add(path: string, options: { name: string; kind: "file" | "folder"; id: string }): Promise<StoredFile>;
  get(id: string): Promise<StoredFile>;
  list(page: { limit: number; cursor?: string }): Promise<Page<StoredFile>>;
  entries(id: string): Promise<StoredFileEntry[]>;
  read(id: string, path?: string): Promise<{ name: string; bytes: Uint8Array }>;
}

export interface DefinitionsDoor {
  companyName(): string;
  /** Daemons of the last good version, with their digests. */
  daemons(): { daemon: Daemon; digest: string }[];
  history(kind: "daemon", id: string): Promise<{ digest: string; version: string | null; loaded_at: string }[]>;
  problems(): FileProblem[];
  /** JSON Schemas of the company's files, by name (`daemon`, `agent` …). */
  schemas(): ReadonlyMap<string, JsonObject>;
}

export interface ModelsDoor {
  list(): ModelView[];
  /** Never throws for what the model does. */
  test(model: string, signal: AbortSignal): Promise<ModelTest>;
}

export interface TriggersDoor {
  list(): Promise<TriggerView[]>;
  /** Newest first. */
  problems(limit: number): Promise<TriggerProblem[]>;
}

export interface SystemDoor {
  /** Null when work can go on; else what is missing, in words. */
  notReady(): Promise<string | null>;
  status(): Promise<SystemStatus>;
}
