import type { Json, StageBase, StagePatch } from "@regent/contract";
import { isMap, makeBudget, makeDuration, makeExpression, makeTemplate, optional, resolve, toList } from "./making.ts";
import { findAgent, findSkill, findTool } from "./references.ts";
import type { StageNode } from "./stage-tree.ts";
import { type StagesMaking, toOnError } from "./to-stages.ts";
import { useScript } from "./use-script.ts";
import type { Path } from "./yaml-document.ts";

type Source = { [key: string]: Json };

/** Notes names that a stage reads before it starts, or (in `evidence`) after it ended. */
export const noteIn =
  (making: StagesMaking, node: StageNode, after = false) =>
  (name: string, path: Path, offset: () => number) =>
    making.uses.push({ name, path, offset, scope: "stage", node, after });

/** What every type of stage may have. */
export function makeBase(making: StagesMaking, node: StageNode, source: Source): Omit<StageBase, "place"> {
  const { path } = node;
  const note = noteIn(making, node);
  const evidence = toList(source.evidence).map((text, i) => {
    const at = Array.isArray(source.evidence) ? [...path, "evidence", i] : [...path, "evidence"];
    return makeExpression(making, String(text), at, noteIn(making, node, true)) ?? "true";
  });
  const network = toList(source.network).map(String);
  const when =
    source.when === undefined ? undefined : makeExpression(making, String(source.when), [...path, "when"], note);
  const unused = ["description", "declassify", "budget", "on_budget"].filter((key) => source[key] !== undefined);
  if (unused.length > 0)
    making.report.warn([...path, unused[0]!], `Read, but not used yet: ${unused.join(", ")}.`, null, "key");
  return {
    id: node.id,
    name: node.name,
    needs: node.needs.map((other) => other.id),
    handler: node.handler,
    ...optional("when", when),
    ...optional("retry", makeRetry(source.retry)),
    ...optional("timeoutMs", makeDuration(source.timeout)),
    fallback: toList(source.fallback).map((patch, i) =>
      makePatch(making, node, patch as Source, patchPath(source, path, i), note),
    ),
    onError: toOnError(source.on_error),
    evidence,
    ...optional("output", node.output),
    ...(source.input === undefined ? {} : { input: makeTemplate(making, source.input, [...path, "input"], note) }),
    ...optional("cache", makeCache(making, source.cache, [...path, "cache"], note)),
    ...optional("budget", makeBudget(making, source.budget, source.on_budget)),
    network,
    ...optional(
      "workingDirectory",
      source.working_directory === undefined
        ? undefined
        : makeTemplate(making, source.working_directory, [...path, "working_directory"], note),
    ),
    ...optional("outputSchema", source.output_schema),
    ...(network.length > 0 && isOfScripts(source) ? { missing: ["network lists (the egress proxy)"] } : {}),
  } as Omit<StageBase, "place">;
}

/** Built-in tools check the hosts that their stage names by themselves; scripts need the proxy for it. */
const isOfScripts = ({ type }: Source): boolean => type === "script" || type === "hybrid";

const patchPath = (source: Source, path: Path, i: number): Path =>
  Array.isArray(source.fallback) ? [...path, "fallback", i] : [...path, "fallback"];

function makeRetry(source: Json | undefined): StageBase["retry"] {
  if (!isMap(source)) return undefined;
  const firstMs = makeDuration(source.first) ?? 1_000;
  return {
    attempts: Number(source.attempts),
    firstMs,
    maxMs: Math.max(firstMs, makeDuration(source.max) ?? 60_000),
    factor: Number(source.factor ?? 2),
  };
}

function makeCache(
  making: StagesMaking,
  source: Json | undefined,
  path: Path,
  note: ReturnType<typeof noteIn>,
): StageBase["cache"] {
  if (typeof source === "string") return { forMs: makeDuration(source) ?? 0 };
  if (!isMap(source)) return undefined;
  return {
    forMs: makeDuration(source.for) ?? 0,
    ...(source.key === undefined ? {} : { key: makeTemplate(making, source.key, [...path, "key"], note) }),
  };
}

function makePatch(
  making: StagesMaking,
  node: StageNode,
  patch: Source,
  path: Path,
  note: ReturnType<typeof noteIn>,
): StagePatch {
  const find = { agent: findAgent, tool: findTool, skill: findSkill };
  const made: StagePatch = {};
  for (const key of ["agent", "tool", "skill"] as const) {
    const name = patch[key];
    if (typeof name === "string")
      made[key] = resolve(making, find[key](making.references, name), key, name, [...path, key]).is;
  }
  if (patch.with !== undefined) made.with = makeTemplate(making, patch.with, [...path, "with"], note);
  if (typeof patch.script === "string") made.script = useScript(making, node, patch.script, [...path, "script"]);
  if (typeof patch.runtime === "string") made.runtime = patch.runtime;
  return made;
}
