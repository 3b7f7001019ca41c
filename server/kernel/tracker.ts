import {
  addSpent,
  type Cost,
  type Failure,
  type Json,
  NOTHING_SPENT,
  type Spent,
  type StageStatus,
  type StageView,
  type Step,
  toCost,
} from "@regent/contract";
import type { Digest } from "#platform";
import { type Envelope, spentOf } from "./envelope.ts";
import type { RunResult } from "./run-input.ts";

/** One stage of a run as it is known at this moment. Made when the stage begins, so that waiting runs stay small. */
interface Node {
  path: string;
  id: string;
  name: string;
  type: string;
  status: StageStatus;
  waitingFor: string | null;
  attempt: number;
  startedAt: number | null;
  endedAt: number | null;
  output: Json;
  error: Failure | null;
  steps: Step[];
  spent: Spent;
  child: string | null;
  order: number[];
}

export interface TrackedStage {
  id: string;
  name: string;
  type: string;
}

/**
 * Follows one interpretation of a run. The same tracker serves a run that is going on (for the lists) and a run that
 * is read back from the engine's record (for its page), so the two cannot tell different stories.
 */
export class Tracker {
  status: "queued" | "running" | "waiting" = "queued";
  startedAt: number | null = null;
  offline = false;
  spent: Spent = NOTHING_SPENT;
  result: RunResult | null = null;
  gone = false;
  readonly trees = new Map<string, Digest>();
  readonly #nodes = new Map<string, Node>();
  readonly #waits = new Map<string, string>();
  #busy = 0;
  readonly #onChange: () => void;

  constructor(onChange: () => void = () => {}) {
    this.#onChange = onChange;
  }

  /** @param order  place among its siblings, outermost first: stages are shown as declared, not as they began */
  stageBegins(path: string, stage: TrackedStage, order: number[], attempt: number): void {
    const known = this.#nodes.get(path);
    if (known !== undefined) {
      known.status = "running";
      known.attempt = attempt;
      known.error = null;
      return;
    }
    this.#nodes.set(path, {
      ...{ path, id: stage.id, name: stage.name, type: stage.type, order, attempt },
      ...{ status: "running", waitingFor: null, startedAt: null, endedAt: null, output: null },
      ...{ error: null, steps: [], spent: NOTHING_SPENT, child: null },
    });
  }

  /** @param tree  the workspace after a stage at the top: a fork begins with it */
  stageEnds(path: string, status: StageStatus, output: Json, error: Failure | null, tree?: Digest): void {
    if (tree !== undefined) this.trees.set(path, tree);
    const node = this.#nodes.get(path);
    if (node === undefined) return;
    node.status = status;
    node.output = output;
    node.error = error;
    node.waitingFor = null;
  }

  child(path: string, run: string, spent?: Spent): void {
    const node = this.#nodes.get(path);
    if (node === undefined) return;
    node.child = run;
    if (spent !== undefined) this.#spend(node, spent);
  }

  stepBegins(): void {
    this.#busy += 1;
    this.#settle();
  }

  stepEnds(path: string, step: { id: string; kind: string; name: string; attempt: number }, envelope: Envelope): void {
    this.#busy -= 1;
    const node = this.#nodes.get(path);
    if (node !== undefined) {
      const spent = spentOf(envelope);
      if (envelope.x?.offline === true) this.offline = true;
      node.startedAt ??= envelope.s;
      node.endedAt = Math.max(node.endedAt ?? 0, envelope.s + envelope.d);
      this.startedAt = Math.min(this.startedAt ?? envelope.s, envelope.s);
      node.steps.push(toStep(step, envelope, spent));
      if (envelope.c !== undefined) this.#spend(node, spent);
    }
    this.#settle();
  }

  stepGone(): void {
    this.#busy -= 1;
  }

  waitBegins(path: string, why: string): void {
    this.#waits.set(path, why);
    const node = this.#nodes.get(path);
    if (node !== undefined) {
      node.status = "waiting";
      node.waitingFor = why;
    }
    this.#settle();
  }

  waitEnds(path: string, at: number | null): void {
    this.#waits.delete(path);
    const node = this.#nodes.get(path);
    if (node !== undefined) {
      node.status = "running";
      node.waitingFor = null;
      if (at !== null) node.endedAt = Math.max(node.endedAt ?? 0, at);
    }
    this.#settle();
  }

  /** This process no longer leads the run: it was cancelled, or another process owns it. */
  interrupted(): void {
    this.gone = true;
    this.#onChange();
  }

  /** The run is paused: what is not recorded yet has not begun, or is frozen. */
  pause(): void {
    for (const node of this.#nodes.values()) if (node.status === "running") node.status = "paused";
  }

  /** The run has ended; stages that still went on are over with it. */
  end(result: RunResult): void {
    this.result = result;
    for (const node of this.#nodes.values())
      if (node.status === "running" || node.status === "waiting") node.status = "cancelled";
    this.#onChange();
  }

  get waitingFor(): string | null {
    return this.status === "waiting" ? (this.#waits.values().next().value ?? null) : null;
  }

  /** The stages as a tree, in declared and item order. */
  stages(): StageView[] {
    const views = new Map<string, StageView>();
    const nodes = [...this.#nodes.values()].sort((a, b) => compareOrder(a.order, b.order));
    for (const node of nodes) views.set(node.path, toView(node));
    const roots: StageView[] = [];
    for (const node of nodes) {
      const view = views.get(node.path)!;
      const parent = this.#parentOf(node.path, views);
      (parent?.stages ?? roots).push(view);
    }
    for (const node of nodes.reverse()) this.#addUp(views.get(node.path)!);
    return roots;
  }

  #parentOf(path: string, views: Map<string, StageView>): StageView | undefined {
    for (let cut = path.lastIndexOf("."); cut > 0; cut = path.lastIndexOf(".", cut - 1)) {
      const parent = views.get(path.slice(0, cut));
      if (parent !== undefined) return parent;
    }
    return undefined;
  }

  /** A stage with inner stages costs and lasts what they do. */
  #addUp(view: StageView): void {
    if (view.stages.length === 0) return;
    view.cost = view.stages.reduce((sum, inner) => addCost(sum, inner.cost), view.cost);
    const starts = [view, ...view.stages].flatMap((inner) =>
      inner.started_at === null ? [] : [Date.parse(inner.started_at)],
    );
    const ends = [view, ...view.stages].flatMap((inner) =>
      inner.started_at === null || inner.duration_ms === null ? [] : [Date.parse(inner.started_at) + inner.duration_ms],
    );
    if (starts.length === 0) return;
    view.started_at = new Date(Math.min(...starts)).toISOString();
    if (ends.length > 0 && view.status !== "running" && view.status !== "waiting")
      view.duration_ms = Math.max(...ends) - Math.min(...starts);
  }

  #spend(node: Node, spent: Spent): void {
    node.spent = addSpent(node.spent, spent);
    this.spent = addSpent(this.spent, spent);
  }

  #settle(): void {
    const status = this.#busy > 0 ? "running" : this.#waits.size > 0 ? "waiting" : "running";
    if (status === this.status) return;
    this.status = status;
    this.#onChange();
  }
}

const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

function toStep(
  step: { id: string; kind: string; name: string; attempt: number },
  envelope: Envelope,
  spent: Spent,
): Step {
  const failed = envelope.e ?? (envelope.t === undefined ? null : { code: "stage_timed_out", message: "Out of time." });
  return {
    ...step,
    status: failed !== null ? "failed" : envelope.a === 1 ? "cancelled" : "succeeded",
    started_at: iso(envelope.s),
    duration_ms: envelope.d,
    cost: toCost(spent),
    detail: envelope.x ?? null,
    error: failed,
  };
}

const toView = (node: Node): StageView => ({
  id: node.path,
  name: node.name,
  type: node.type,
  status: node.status,
  waiting_for: node.waitingFor,
  attempt: node.attempt,
  started_at: iso(node.startedAt),
  duration_ms: node.startedAt === null || node.endedAt === null ? null : node.endedAt - node.startedAt,
  cost: toCost(node.spent),
  output: node.output,
  error: node.error,
  steps: node.steps,
  stages: [],
  child: node.child,
});

const addCost = (a: Cost, b: Cost): Cost => ({
  usd: a.usd === null || b.usd === null ? null : a.usd + b.usd,
  tokens: a.tokens + b.tokens,
  credits: a.credits + b.credits,
});

function compareOrder(a: number[], b: number[]): number {
  for (let i = 0; i < Math.max(a.length, b.length); i++) {
    const difference = (a[i] ?? -1) - (b[i] ?? -1);
    if (difference !== 0) return difference;
  }
  return 0;
}
