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
import { type TrackedStage, type TrackedStep, Tracker } from "./tracker.ts";

/** One stage of a run as far as the record goes. */
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
  begunAfter: number;
}

/** Follows a run with all its stages and steps, for its page: only where a record is read back. */
export class StageTracker extends Tracker {
  readonly trees = new Map<string, Digest>();
  /** When the last thing ended that is known: what begins now has not begun before it. */
  #lastEnd: number;
  readonly #nodes = new Map<string, Node>();

  /** @param begunAt  when the run began, as far as the engine knows */
  constructor(begunAt: number) {
    super();
    this.#lastEnd = begunAt;
  }

  override stageBegins(path: string, stage: TrackedStage, order: number[], attempt: number): void {
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
      ...{ error: null, steps: [], spent: NOTHING_SPENT, child: null, begunAfter: this.#lastEnd },
    });
  }

  override stageEnds(path: string, status: StageStatus, output: Json, error: Failure | null, tree?: Digest): void {
    if (tree !== undefined) this.trees.set(path, tree);
    const node = this.#nodes.get(path);
    if (node === undefined) return;
    node.status = status;
    node.output = output;
    node.error = error;
    node.waitingFor = null;
  }

  override child(path: string, run: string, spent?: Spent): void {
    super.child(path, run, spent);
    const node = this.#nodes.get(path);
    if (node === undefined) return;
    node.child = run;
    if (spent !== undefined) node.spent = addSpent(node.spent, spent);
  }

  override stepEnds(path: string, step: TrackedStep, envelope: Envelope): void {
    super.stepEnds(path, step, envelope);
    const node = this.#nodes.get(path);
    if (node === undefined) return;
    const spent = spentOf(envelope);
    node.startedAt ??= envelope.s;
    node.endedAt = Math.max(node.endedAt ?? 0, envelope.s + envelope.d);
    this.#lastEnd = Math.max(this.#lastEnd, node.endedAt);
    node.steps.push(toStep(step, envelope, spent));
    if (envelope.c !== undefined) node.spent = addSpent(node.spent, spent);
  }

  override waitBegins(path: string, why: string): void {
    super.waitBegins(path, why);
    const node = this.#nodes.get(path);
    if (node === undefined) return;
    node.status = "waiting";
    node.waitingFor = why;
  }

  override waitEnds(path: string, at: number | null): void {
    super.waitEnds(path, at);
    const node = this.#nodes.get(path);
    if (node === undefined) return;
    node.status = "running";
    node.waitingFor = null;
    if (at === null) return;
    node.endedAt = Math.max(node.endedAt ?? 0, at);
    this.#lastEnd = Math.max(this.#lastEnd, at);
  }

  /** The run is paused: what is not recorded yet has not begun, or is frozen. */
  pause(): void {
    for (const node of this.#nodes.values()) if (node.status === "running") node.status = "paused";
  }

  /** The run has ended; stages that still went on are over with it. */
  override end(result: RunResult): void {
    for (const node of this.#nodes.values())
      if (node.status === "running" || node.status === "waiting") node.status = "cancelled";
    super.end(result);
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
}

const iso = (at: number | null): string | null => (at === null ? null : new Date(at).toISOString());

function toStep(step: TrackedStep, envelope: Envelope, spent: Spent): Step {
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

/** A step that goes on is not in the record yet: its stage began when the last thing before it ended. */
const startOf = (node: Node): number | null =>
  node.startedAt ?? (node.status === "skipped" || node.attempt === 0 ? null : node.begunAfter);

function toView(node: Node): StageView {
  const startedAt = startOf(node);
  return {
    id: node.path,
    name: node.name,
    type: node.type,
    status: node.status,
    waiting_for: node.waitingFor,
    attempt: node.attempt,
    started_at: iso(startedAt),
    duration_ms: startedAt === null || node.endedAt === null ? null : Math.max(0, node.endedAt - startedAt),
    cost: toCost(node.spent),
    output: node.output,
    error: node.error,
    steps: node.steps,
    stages: [],
    child: node.child,
  };
}

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
