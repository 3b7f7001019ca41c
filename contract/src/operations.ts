import { approvalOperations } from "./approvals.ts";
import { definitionOperations } from "./definitions.ts";
import { eventOperations } from "./events.ts";
import { fileOperations } from "./files.ts";
import { modelOperations } from "./models.ts";
import type { Operation } from "./operation.ts";
import { runOperations } from "./runs.ts";
import { streamOperations } from "./stream.ts";
import { systemOperations } from "./system.ts";
import { triggerOperations } from "./triggers.ts";

/** Everything the API can do, by noun and verb. Routes, OpenAPI and the client are made from this; there is no second list. */
export const operations = {
  runs: runOperations,
  approvals: approvalOperations,
  events: eventOperations,
  triggers: triggerOperations,
  files: fileOperations,
  definitions: definitionOperations,
  models: modelOperations,
  stream: streamOperations,
  system: systemOperations,
} as const;

export type Operations = typeof operations;

export interface NamedOperation {
  noun: string;
  verb: string;
  /** `runs.start`: the operation's id in OpenAPI, metrics and logs. */
  name: string;
  operation: Operation;
}

export const listOperations = (): NamedOperation[] =>
  Object.entries(operations).flatMap(([noun, verbs]) =>
    Object.entries(verbs as Record<string, Operation>).map(([verb, operation]) => ({
      noun,
      verb,
      name: `${noun}.${verb}`,
      operation,
    })),
  );
