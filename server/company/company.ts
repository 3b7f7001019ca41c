import type { Agent, Daemon, Json, JsonObject } from "@regent/contract";
import type { Pinned } from "#kernel";
import type { Digest } from "#platform";

/** Something wrong (or worth saying) in the company's files, with its place. */
export interface Problem {
  file: string;
  /** From 1. */
  line: number;
  column: number;
  /** JSON pointer into the document. */
  pointer: string;
  message: string;
  /** What to write instead, or the nearest valid choice; null when there is none to offer. */
  suggestion: string | null;
  severity: "error" | "warning";
}

/** All definitions of a company's folder, canonical. */
export interface Company {
  id: string;
  name: string;
  currency: string;
  timezone: string;
  daemons: Map<string, Daemon>;
  agents: Map<string, Agent>;
  products: Map<string, JsonObject>;
  triggers: Map<string, JsonObject>;
  connections: Map<string, JsonObject>;
  /** The model registry as `gateway/` reads it. */
  models: JsonObject | null;
  rules: Json[];
  policies: JsonObject | null;
  /** Limits by scope. */
  budgets: JsonObject;
  /** Declared values that expressions may read as `env.NAME`; never secrets. */
  env: JsonObject;
  skills: Map<string, JsonObject>;
  /** `kind/id` → digest of the canonical form. */
  digests: Map<string, Digest>;
  /** `kind/id` → where it stands. */
  places: Map<string, { file: string; line: number; column: number }>;
}

export interface Loaded {
  /** Null when there is an error. */
  company: Company | null;
  problems: Problem[];
}

/** The running server's view: the last good version, and what stands in the way of a newer one. */
export interface Companies {
  current(): Company;
  problems(): Problem[];
  /**
   * A daemon with all it refers to, frozen and stored by digest.
   * @throws not_found  names the nearest daemon
   */
  pin(daemon: string): Promise<Pinned>;
  /** The same for a daemon that is not in the folder. @throws invalid_definition */
  pinInline(definition: string | JsonObject, file?: string): Promise<Pinned>;
  /** A stored definition. */
  definition(digest: Digest): Promise<{ kind: string; id: string; body: Json } | undefined>;
  /** Versions of a definition, newest first. */
  history(kind: string, id: string): Promise<{ digest: Digest; version: string | null; loaded_at: string }[]>;
  onChange(listener: (company: Company) => void): () => void;
  close(): Promise<void>;
}
