/**
 * What the company's daemons start with, read once for each version of the company: schedules, and daemons by the
 * type of event. A named trigger is looked up in the company's `triggers:`; kinds that Regent does not have yet say
 * so instead of starting nothing in silence.
 */
import { createHash } from "node:crypto";
import type { CatchUp, DaemonTrigger, Expression, Json, JsonObject, Template } from "@regent/contract";
import { nextTick } from "./ticks.ts";
import type { CompanyView, TriggersDeps } from "./triggers.ts";

export interface Schedule {
  id: string;
  daemon: string;
  cron: string;
  timezone: string;
  catchUp: CatchUp;
  inputs: Template | undefined;
  name: string | null;
}

export interface EventTrigger {
  daemon: string;
  where: Expression | undefined;
  inputs: Template | undefined;
  name: string | null;
}

/** A trigger as a daemon declares it, working or not. */
interface Declared {
  daemon: string;
  kind: DaemonTrigger["kind"];
  on: string;
  timezone: string | null;
  schedule: string | null;
  missing: string | null;
}

export interface CompanyTriggers {
  schedules: Map<string, Schedule>;
  byEvent: Map<string, EventTrigger[]>;
  all: Declared[];
}

type CurrentCompany = ReturnType<CompanyView["current"]>;
type Deps = Pick<TriggersDeps, "expressions">;

const known = new WeakMap<CurrentCompany, CompanyTriggers>();

export function companyTriggers(deps: Deps, company: CurrentCompany): CompanyTriggers {
  const cached = known.get(company);
  if (cached) return cached;
  const triggers: CompanyTriggers = { schedules: new Map(), byEvent: new Map(), all: [] };
  for (const daemon of company.daemons.values()) {
    for (const trigger of daemon.triggers) addTrigger(triggers, daemon.id, trigger, resolve(deps, company, trigger));
  }
  // A trigger of the company may name what it starts, instead of being named by it.
  for (const [name, declared] of company.triggers) {
    if (typeof declared["start"] !== "string") continue;
    const daemon = daemonOf(company, declared["start"]);
    const trigger: DaemonTrigger = { kind: "named", name };
    addTrigger(triggers, daemon, trigger, resolve(deps, company, trigger));
  }
  known.set(company, triggers);
  return triggers;
}

/** References may use either spelling. */
const daemonOf = (company: CurrentCompany, reference: string): string =>
  company.daemons.has(reference) ? reference : reference.toLowerCase().replaceAll(/[\s_]+/g, "-");

type Resolved =
  | { kind: "cron"; cron: string; timezone: string; catchUp: CatchUp; inputs?: Template }
  | { kind: "event"; event: string; where?: Expression; inputs?: Template }
  | { kind: "missing"; missing: string };

function addTrigger(triggers: CompanyTriggers, daemon: string, trigger: DaemonTrigger, resolved: Resolved): void {
  const name = trigger.kind === "named" ? trigger.name : null;
  const declared: Declared = {
    daemon,
    kind: trigger.kind,
    on: trigger.kind === "cron" ? trigger.cron : trigger.kind === "event" ? trigger.event : trigger.name,
    timezone: null,
    schedule: null,
    missing: null,
  };
  triggers.all.push(declared);
  if (resolved.kind === "missing") {
    declared.missing = resolved.missing;
  } else if (resolved.kind === "event") {
    const { event, where, inputs } = resolved;
    const others = triggers.byEvent.get(event) ?? [];
    triggers.byEvent.set(event, [...others, { daemon, where, inputs, name }]);
  } else {
    const { cron, timezone, catchUp, inputs } = resolved;
    const id = scheduleId(triggers, daemon, cron, timezone);
    triggers.schedules.set(id, { id, daemon, cron, timezone, catchUp, inputs, name });
    declared.timezone = timezone;
    declared.schedule = id;
  }
}

function resolve(deps: Deps, company: CurrentCompany, trigger: DaemonTrigger): Resolved {
  if (trigger.kind === "event") return trigger;
  if (trigger.kind === "cron") return checked({ ...trigger, timezone: trigger.timezone ?? company.timezone });
  const declared = company.triggers.get(trigger.name);
  if (!declared) return missing(`The company's triggers have no "${trigger.name}".`);
  const inputs = trigger.inputs ?? declared["inputs"];
  const withInputs = inputs === undefined ? {} : { inputs };
  if (typeof declared["cron"] === "string") {
    const timezone = typeof declared["timezone"] === "string" ? declared["timezone"] : company.timezone;
    const catchUp = toCatchUp(declared["catchUp"] ?? declared["catch_up"]);
    return checked({ kind: "cron", cron: declared["cron"], timezone, catchUp, ...withInputs });
  }
  if (typeof declared["event"] === "string") {
    return { kind: "event", event: declared["event"], ...whereOf(deps, declared), ...withInputs };
  }
  const kind = ["metric", "message", "webhook"].find((name) => declared[name] !== undefined);
  if (kind) return missing(`Triggers of kind ${kind} are not part of Regent yet.`);
  return missing(`The trigger "${trigger.name}" has neither cron nor event.`);
}

const missing = (sentence: string): Resolved => ({ kind: "missing", missing: sentence });

/** The loader has checked the text; canonical text is its own canonical form. */
const whereOf = (deps: Deps, declared: JsonObject): { where?: Expression } =>
  declared["where"] === undefined ? {} : { where: deps.expressions.parse(String(declared["where"])) };

const toCatchUp = (value: Json | undefined): CatchUp => (value === "none" || value === "all" ? value : "last");

/** A timezone may be known where the files were written and unknown here. */
function checked(resolved: Extract<Resolved, { kind: "cron" }>): Resolved {
  try {
    nextTick(resolved.cron, resolved.timezone, 0);
    return resolved;
  } catch (error) {
    return missing((error as Error).message);
  }
}

/**
 * Made of what decides the ticks, so that a changed expression is another schedule and nothing is caught up across
 * the change. Two triggers with the same times in one daemon are told apart by their number.
 */
function scheduleId(triggers: CompanyTriggers, daemon: string, cron: string, timezone: string): string {
  for (let nth = 0; ; nth++) {
    const id = createHash("sha256")
      .update(JSON.stringify([daemon, cron, timezone, nth]))
      .digest("hex")
      .slice(0, 32);
    if (!triggers.schedules.has(id)) return id;
  }
}
