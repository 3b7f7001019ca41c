import type { Json } from "@regent/contract";
import type { Making } from "./making.ts";
import { findAgent, findTool, type References } from "./references.ts";

type Source = { [key: string]: Json };

/**
 * `Research (Perplexity)` is a name and an executor: `Script`, `Rules Engine`, `Snyk API`, or an agent or model.
 * What such a line cannot say (a script's text, a tool's arguments) is missing: it loads, and is refused at start.
 */
export function expandShorthand(making: Making, text: string): Source {
  const match = /^(.*\S)\s*\(([^()]+)\)\s*$/.exec(text);
  const name = match?.[1] ?? text.trim();
  const executor = match?.[2]?.trim();
  const base = { name, shorthand: true };
  if (executor === undefined) return { ...base, type: "agent", agent: name };
  if (/^scripts?$/i.test(executor))
    return { ...base, type: "script", script: "", missing: [`the script of "${name}"`] };
  if (/^rules?( engine)?$/i.test(executor))
    return { ...base, type: "rule", rules: null, missing: [`the rules of "${name}"`] };
  if (/^(person|human|people|approval)$/i.test(executor)) return { ...base, type: "gate", ask: `${name}?` };
  const api = /^(.+?) API$/i.exec(executor);
  if (api !== null)
    return {
      ...base,
      type: "tool",
      tool: `${toToolName(api[1]!)}_api`,
      missing: [`the tool and arguments of "${name}"`],
    };
  if (
    isUnknownAgent(making.references, executor) &&
    !("unknown" in findTool(making.references, toToolName(executor)))
  ) {
    return { ...base, type: "tool", tool: toToolName(executor), missing: [`the tool and arguments of "${name}"`] };
  }
  return { ...base, type: "agent", agent: executor, prompt: name };
}

const toToolName = (name: string): string =>
  name
    .trim()
    .toLowerCase()
    .replace(/[\s-]+/g, "_");
const isUnknownAgent = (references: References, name: string): boolean => "unknown" in findAgent(references, name);
