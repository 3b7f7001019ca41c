import type { Json } from "@regent/contract";
import type { Scope } from "#kernel";

/**
 * `${inputs.name}` means nothing to a shell. In shell scripts such a path becomes the name of a variable,
 * `${inputs_name}`, whose value travels beside the text. A script with another interpreter on line one keeps its text:
 * there `${…}` belongs to its own language.
 */
export function toShellText(script: string, scope: Scope): { text: string; paths: Record<string, Json> } {
  const paths: Record<string, Json> = {};
  if (!isShell(script)) return { text: script, paths };
  const text = script.replace(PATH, (whole, root: string, rest: string) => {
    if (!Object.hasOwn(scope, root)) return whole;
    const parts = rest.slice(1).split(".");
    const name = [root, ...parts].join("_");
    paths[name] = parts.reduce<Json>(memberOf, scope[root]!);
    return `\${${name}}`;
  });
  return { text, paths };
}

const PATH = /\$\{([A-Za-z_]\w*)((?:\.[A-Za-z_]\w*)+)\}/g;

export const isShell = (script: string): boolean =>
  !script.startsWith("#!") || /^#!.*\b(ba|da|a|z|k)?sh\b/.test(script);

/** Own members only: `${inputs.constructor}` is empty. Missing fields are null, as in expressions. */
const memberOf = (value: Json, name: string): Json =>
  typeof value === "object" && value !== null && !Array.isArray(value) && Object.hasOwn(value, name)
    ? value[name]!
    : null;
