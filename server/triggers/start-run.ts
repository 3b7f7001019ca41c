import { type JsonObject, RegentError, type Template } from "@regent/contract";
import type { StartRequest } from "#kernel";
import type { TriggersDeps } from "./triggers.ts";

/** Why a run could not be started, in words for people. */
export interface Problem {
  code: string;
  message: string;
}

export interface TriggeredRun {
  run: string;
  daemon: string;
  inputs: Template | undefined;
  trigger: StartRequest["trigger"];
  /** In scope of the inputs, and of the run, as `event`. */
  event: JsonObject;
}

/**
 * Starts a run, or says why it never will. What may be different next time (the database is away) is thrown, so that
 * the caller tries again.
 */
export async function startOrProblem(deps: TriggersDeps, triggered: TriggeredRun): Promise<Problem | undefined> {
  const { run, daemon, inputs, trigger, event } = triggered;
  try {
    const pinned = await deps.companies.pin(daemon);
    const rendered = inputs === undefined ? {} : deps.expressions.render(inputs, { ...pinned.names, event });
    if (typeof rendered !== "object" || rendered === null || Array.isArray(rendered)) {
      return { code: "invalid_input", message: "The trigger's inputs are not a map of names to values." };
    }
    await deps.runs.start({ id: run, pinned, inputs: rendered, trigger, event });
    return undefined;
  } catch (error) {
    if (error instanceof RegentError && error.code !== "database_unavailable") return toProblem(error);
    throw error;
  }
}

/** The sentence, and for invalid inputs which of them. */
export function toProblem(error: RegentError): Problem {
  const errors = error.detail["errors"];
  const places = (Array.isArray(errors) ? errors.slice(0, 10) : []).map((entry) => {
    const { pointer, message } = entry as { pointer?: string; message?: string };
    return ` ${pointer ?? ""}: ${message ?? ""}`;
  });
  return { code: error.code, message: [error.message, ...places].join("").slice(0, 4_000) };
}
