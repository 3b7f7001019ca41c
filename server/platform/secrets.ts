import { readFileSync, type Stats, statSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { asErrno } from "./postgres/errno.ts";

/** Keys by name. Shows nothing of them when printed, logged or turned into JSON. */
export class Secrets extends Map<string, string> {
  toJSON(): string {
    return `${this.size} secrets`;
  }
  override toString(): string {
    return this.toJSON();
  }
  [inspect.custom](): string {
    return this.toJSON();
  }
}

/** Names in the environment that say that their value is one. */
const SECRET_NAME = /_(KEY|TOKEN|SECRET|PASSWORD)$/;

/** Secrets of the environment, then those of `secrets.env`, which an environment of the same name overrides. */
export function readSecrets(
  dataFolder: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
  problems: string[],
): Secrets {
  const secrets = new Secrets(dataFolder ? readFile(join(dataFolder, "secrets.env"), problems) : []);
  for (const [name, value] of Object.entries(env)) {
    if (value && SECRET_NAME.test(name) && name !== "REGENT_TOKEN") secrets.set(name, value);
  }
  return secrets;
}

function readFile(path: string, problems: string[]): [string, string][] {
  let found: Stats;
  try {
    found = statSync(path);
  } catch (error) {
    if (asErrno(error).code !== "ENOENT") problems.push(`${path} cannot be read: ${(error as Error).message}`);
    return [];
  }
  if (!found.isFile()) {
    problems.push(`${path} is not a file.`);
    return [];
  }
  if (found.mode & 0o077) {
    const mode = (found.mode & 0o777).toString(8).padStart(4, "0");
    problems.push(`${path} has mode ${mode}: others on this machine may read your keys. Run: chmod 600 ${path}`);
    return [];
  }
  return parseSecrets(readFileSync(path, "utf8"), path, problems);
}

/** `NAME=value` lines; `#` begins a comment line; quotes around a value are taken off. The value is never shown. */
function parseSecrets(text: string, path: string, problems: string[]): [string, string][] {
  const secrets: [string, string][] = [];
  for (const [index, line] of text
    .replace(/^\uFEFF/, "")
    .split(/\r?\n/)
    .entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const [, name, value = ""] = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=\s*(.*?)\s*$/.exec(line) ?? [];
    if (!name) problems.push(`${path}, line ${index + 1}: expected NAME=value.`);
    else secrets.push([name, /^(["'])(.*)\1$/.exec(value)?.[2] ?? value]);
  }
  return secrets;
}
