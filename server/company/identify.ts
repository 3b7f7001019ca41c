import { type Json, nearest } from "@regent/contract";
import { type FileKind, fileSchemas } from "@regent/contract/company";

const AS_NAMED = ["company", "connections", "triggers", "policies", "budgets"];

/** What a document is, by its content; the first that fits. */
export function identify(value: { [key: string]: Json }): FileKind | undefined {
  const has = (...keys: string[]): boolean => keys.every((key) => Object.hasOwn(value, key));
  if (has("products")) return "products";
  if (has("daemon")) return "daemon";
  if (has("stages")) return "stages";
  if (has("skill", "runtime")) return "skill";
  if (has("providers")) return "models";
  if (has("agents")) return "agents";
  if (has("name", "role") && (has("goal") || has("goals"))) return "agent";
  if (has("rules")) return "rules";
  return AS_NAMED.some((key) => has(key)) ? "company" : undefined;
}

/** For a document that is nothing: the key that was probably meant. */
export function nearestKind(value: { [key: string]: Json }): string | undefined {
  const known = [...Object.keys(fileSchemas).filter((kind) => kind !== "agent"), ...AS_NAMED, "providers", "stages"];
  for (const key of Object.keys(value)) {
    const meant = nearest(key, known);
    if (meant !== undefined && meant !== key) return meant;
  }
  return undefined;
}
