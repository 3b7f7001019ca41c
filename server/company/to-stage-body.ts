import type { Json } from "@regent/contract";
import { isMap, makeDuration, makeExpression, makeTemplate, resolve, toList } from "./making.ts";
import { findAgent, findDaemon, findSkill, findTool } from "./references.ts";
import type { StageNode } from "./stage-tree.ts";
import { noteIn } from "./to-stage-base.ts";
import { makeStages, type StagesMaking, toOnError } from "./to-stages.ts";
import { useScript } from "./use-script.ts";

type Source = { [key: string]: Json };
interface Body {
  fields: Record<string, unknown>;
  missing: string[];
}
type MakeBody = (making: StagesMaking, node: StageNode, source: Source) => Body;

/** What the stage's type alone has. */
export function makeBody(
  making: StagesMaking,
  node: StageNode,
  source: Source,
  written: Json,
  before: StageNode | undefined,
): Body {
  const type = typeof source.type === "string" ? source.type : "agent";
  const made = BODIES[type]!(making, node, source);
  if (typeof written !== "string") return made;
  // A stage in short reads what the stage before it gave: `- Research` then `- Outline` is a pipeline.
  const given = before === undefined ? {} : { input: `\${${before.id}}` };
  const missing = Array.isArray(source.missing) ? source.missing.map(String) : [];
  for (const lack of missing) making.report.warn(node.path, `"${written}" loads, but this is missing: ${lack}.`);
  return { fields: { ...given, ...made.fields }, missing: [...made.missing, ...missing] };
}

const BODIES: Record<string, MakeBody> = {
  agent: (making, node, source) => {
    const agent = makeAgent(making, node, source);
    return { fields: { type: "agent", agent: agent.is, ...makePrompt(making, node, source) }, missing: agent.missing };
  },
  script: (making, node, source) => ({ fields: { type: "script", ...makeScript(making, node, source) }, missing: [] }),
  hybrid: (making, node, source) => {
    const agent = makeAgent(making, node, source);
    const fields = {
      type: "hybrid",
      ...makeScript(making, node, source),
      agent: agent.is,
      ...(source.agent_role === undefined ? {} : { agentRole: source.agent_role }),
      ...makePrompt(making, node, source),
      attempts: Number(source.attempts ?? 1),
    };
    return { fields, missing: agent.missing };
  },
  tool: (making, node, source) => {
    const tool = referTo(making, node, source, "tool", findTool);
    if (tool.is.includes("*") && source.shorthand !== true) {
      making.report.error(
        [...node.path, "tool"],
        `"${source.tool}" names several tools; a stage calls one.`,
        `${tool.is.replace(/\*.*$/, "")}…`,
      );
    }
    return { fields: { type: "tool", tool: tool.is, with: makeWith(making, node, source) }, missing: tool.missing };
  },
  skill: (making, node, source) => {
    const skill = referTo(making, node, source, "skill", findSkill);
    return {
      fields: { type: "skill", skill: skill.is, with: makeWith(making, node, source) },
      missing: ["stages of type skill"],
    };
  },
  daemon: (making, node, source) => {
    const daemon = referTo(making, node, source, "daemon", findDaemon);
    return { fields: { type: "daemon", daemon: daemon.is, with: makeWith(making, node, source) }, missing: [] };
  },
  gate: makeGate,
  parallel: makeParallel,
  "for-each": makeForEach,
  wait: makeWait,
  rule: (_making, _node, source) => ({
    fields: { type: "rule", rules: source.rules ?? null },
    missing: ["stages of type rule"],
  }),
  emit: (making, node, source) => {
    const key = source.with === undefined && source.data !== undefined ? "data" : "with";
    return { fields: { type: "emit", event: source.event, with: makeWith(making, node, source, key) }, missing: [] };
  },
};

function referTo(making: StagesMaking, node: StageNode, source: Source, key: string, find: typeof findAgent) {
  const name = String(source[key]);
  // What a stage in short lacks is said once, for the whole stage.
  const quiet = source.shorthand === true;
  const found = find(making.references, name);
  if (quiet && !("unknown" in found)) return { is: found.is, missing: found.missing };
  return resolve(making, found, key, name, quiet ? node.path : [...node.path, key]);
}

const makeAgent = (making: StagesMaking, node: StageNode, source: Source) =>
  referTo(making, node, source, "agent", findAgent);

function makePrompt(making: StagesMaking, node: StageNode, source: Source): { prompt?: Json } {
  if (source.prompt !== undefined && source.prompt_template !== undefined) {
    making.report.error([...node.path, "prompt"], "A stage has `prompt` or `prompt_template`, not both.", null, "key");
  }
  const key = source.prompt === undefined ? "prompt_template" : "prompt";
  return source[key] === undefined
    ? {}
    : { prompt: makeTemplate(making, source[key], [...node.path, key], noteIn(making, node)) };
}

function makeWith(making: StagesMaking, node: StageNode, source: Source, key = "with"): Json {
  return source[key] === undefined ? {} : makeTemplate(making, source[key], [...node.path, key], noteIn(making, node));
}

function makeScript(making: StagesMaking, node: StageNode, source: Source) {
  const script = useScript(making, node, String(source.script), [...node.path, "script"]);
  return { script, ...(source.runtime === undefined ? {} : { runtime: source.runtime }), reads: node.reads };
}

function makeGate(making: StagesMaking, node: StageNode, source: Source): Body {
  const note = noteIn(making, node);
  const missing: string[] = [];
  if (source.rubric !== undefined) missing.push("gates by rubric");
  if (source.vote !== undefined) missing.push("gates by vote");
  const expiresMs = makeDuration(source.expires);
  const fields = {
    type: "gate",
    ask: makeTemplate(making, source.ask ?? "", [...node.path, "ask"], note),
    show: toList(source.show).map((item, i) =>
      makeTemplate(making, item, Array.isArray(source.show) ? [...node.path, "show", i] : [...node.path, "show"], note),
    ),
    who: String(source.who ?? "approver"),
    ...(expiresMs === undefined ? {} : { expiresMs }),
    otherwise: source.otherwise ?? "reject",
    onReject: toOnError(source.on_reject),
    ...(source.rubric === undefined ? {} : { rubric: source.rubric }),
    ...(source.vote === undefined ? {} : { vote: source.vote }),
  };
  return { fields, missing };
}

function makeParallel(making: StagesMaking, node: StageNode, source: Source): Body {
  const { path, name } = node;
  if ((source.branches === undefined) === (source.stages === undefined)) {
    making.report.error(
      path,
      `The parallel stage "${name}" has either \`branches\` or \`stages\`.`,
      "branches: { one: …, two: … }",
    );
    return { fields: { type: "parallel", branches: [], join: "all" }, missing: [] };
  }
  const branches = isMap(source.branches)
    ? Object.entries(source.branches).map(([key, branch]) => ({
        name: key,
        stages: makeBranch(making, node, key, branch),
      }))
    : (source.stages as Json[]).flatMap((stage, i) =>
        makeStages(making, [stage], [...path, "stages", i], node, `branch ${i + 1}`).map((made) => ({
          name: made.id,
          stages: [made.stage!],
        })),
      );
  if (branches.length === 0) making.report.error([...path, "branches"], "There is no branch.");
  const join = source.join === "any" ? 1 : (source.join ?? "all");
  if (typeof join === "number" && join > branches.length) {
    making.report.error(
      [...path, "join"],
      `join is ${join}, but there are ${branches.length} branches.`,
      String(branches.length),
    );
  }
  return { fields: { type: "parallel", branches, join }, missing: [] };
}

function makeBranch(making: StagesMaking, node: StageNode, key: string, branch: Json) {
  const path = [...node.path, "branches", key];
  const isList =
    isMap(branch) &&
    Array.isArray(branch.stages) &&
    Object.keys(branch).every((part) => part === "stages" || part.startsWith("x-"));
  const nodes = Array.isArray(branch)
    ? makeStages(making, branch, path, node)
    : isList ? makeStages(making, branch.stages as Json[], [...path, "stages"], node) : makeStages(making, [branch], path, node, key); // biome-ignore format: one choice
  return nodes.map((made) => made.stage!);
}

function makeForEach(making: StagesMaking, node: StageNode, source: Source): Body {
  const list = makeExpression(making, String(source.in), [...node.path, "in"], noteIn(making, node)) ?? "[]";
  const stages = makeStages(making, source.stages as Json[], [...node.path, "stages"], node).map((made) => made.stage!);
  return { fields: { type: "for-each", in: list, stages, limit: Number(source.limit ?? 4) }, missing: [] };
}

function makeWait(making: StagesMaking, node: StageNode, source: Source): Body {
  const { path } = node;
  const note = noteIn(making, node);
  const given = ["for", "until", "event"].filter((key) => source[key] !== undefined);
  if (given.length !== 1)
    making.report.error(
      path,
      `A wait has one of \`for\`, \`until\` and \`event\`; "${node.name}" has ${given.length}.`,
      "for: 30m",
    );
  if (source.where !== undefined && source.event === undefined)
    making.report.error([...path, "where"], "`where` goes with `event`.", null, "key");
  if (source.event !== undefined) {
    // The event that is asked for is in scope of its own condition.
    const where =
      source.where === undefined ? undefined : makeExpression(making, String(source.where), [...path, "where"], note);
    return {
      fields: { type: "wait", wait: { event: source.event, ...(where === undefined ? {} : { where }) } },
      missing: [],
    };
  }
  const key = source.for === undefined ? "until" : "for";
  const text = String(source[key] ?? "0s");
  if (!text.includes("${")) checkMoment(making, key, text, [...path, key]);
  return { fields: { type: "wait", wait: { [key]: makeTemplate(making, text, [...path, key], note) } }, missing: [] };
}

function checkMoment(making: StagesMaking, key: string, text: string, path: StageNode["path"]): void {
  if (key === "for" && makeDuration(text) === undefined)
    making.report.error(path, `Expected a duration, found "${text}".`, "30m");
  const isMoment =
    /^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d))?$/.test(text) && !Number.isNaN(Date.parse(text));
  if (key === "until" && !isMoment)
    making.report.error(path, `Expected a moment, found "${text}".`, "2026-12-24T18:00:00Z");
}
