import type { IdKind, InputOf, Operation, Operations } from "@regent/contract";
import type { z } from "zod";
import type { Capabilities } from "../doors.ts";
import type { Upload } from "../upload/spool-upload.ts";
import { approvalHandlers } from "./approvals.ts";
import { definitionHandlers } from "./definitions.ts";
import { eventHandlers } from "./events.ts";
import { fileHandlers } from "./files.ts";
import { modelHandlers } from "./models.ts";
import { runHandlers } from "./runs.ts";
import { streamHandlers } from "./stream.ts";
import { type SystemDeps, systemHandlers } from "./system.ts";
import { triggerHandlers } from "./triggers.ts";

/** What a handler knows of the request besides its input. */
export interface Call {
  /** Who asks, for the record: `operator`. */
  by: string;
  signal: AbortSignal;
  headers: Headers;
  /** With an Idempotency-Key the same request gets the same ids again, also after a crash. */
  newId(kind: IdKind): string;
  /** Of operations with `body: "bytes"`. */
  upload?: Upload;
}

type Answer<Declared extends Operation> = Declared extends { answer: "bytes" | "text" | "events" }
  ? Response
  : z.input<Declared["output"]>;

export type Handler<Declared extends Operation> = (
  input: InputOf<Declared>,
  call: Call,
) => Promise<Answer<Declared>> | Answer<Declared>;

/** A handler for each operation: a missing one does not compile. */
export type Handlers<Nouns> = {
  [Noun in keyof Nouns]: { [Verb in keyof Nouns[Noun]]: Handler<Extract<Nouns[Noun][Verb], Operation>> };
};

export type HandlersOf<Noun extends keyof Operations> = Handlers<Operations>[Noun];

export const createHandlers = (deps: Capabilities & SystemDeps) =>
  ({
    runs: runHandlers(deps),
    approvals: approvalHandlers(deps),
    events: eventHandlers(deps),
    triggers: triggerHandlers(deps),
    files: fileHandlers(deps),
    definitions: definitionHandlers(deps),
    models: modelHandlers(deps),
    stream: streamHandlers(deps),
    system: systemHandlers(deps),
  }) satisfies Handlers<Operations>;
