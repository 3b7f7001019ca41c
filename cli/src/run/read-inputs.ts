import { readFile, stat } from "node:fs/promises";
import type { Client } from "@regent/sdk";
import { UsageError } from "../command.ts";
import type { Context } from "../context.ts";
import { uploadPath } from "./upload-path.ts";

/** Inputs as somebody typed them: `days=7`, `notes=@notes.txt`, `repository=../shop`. */
export interface TypedInput {
  name: string;
  value: string;
}

export function parsePairs(pairs: string[], option: string): TypedInput[] {
  return pairs.map((pair) => {
    const at = pair.indexOf("=");
    if (at < 1) throw new UsageError(`${option} takes name=value, not "${pair}".`);
    return { name: pair.slice(0, at), value: pair.slice(at + 1) };
  });
}

/** What the daemon takes, by name. Unknown names go to the server as text: it knows what to say about them. */
export type InputTypes = ReadonlyMap<string, string>;

/**
 * Values of the types that the daemon declares. Files and folders are uploaded first; `@path` reads a text from a file.
 * @throws UsageError  a file that is not there, JSON that is none
 */
export async function readInputs(
  context: Context,
  client: Client,
  typed: TypedInput[],
  types: InputTypes,
): Promise<Record<string, never>> {
  const inputs: Record<string, unknown> = {};
  for (const { name, value } of typed) {
    if (Object.hasOwn(inputs, name)) throw new UsageError(`The input ${name} is given twice.`);
    inputs[name] = await readInput(context, client, name, value, types.get(name) ?? "string");
  }
  return inputs as Record<string, never>;
}

async function readInput(
  context: Context,
  client: Client,
  name: string,
  value: string,
  type: string,
): Promise<unknown> {
  if (type === "file" || type === "folder") {
    if (/^(file_|sha256:)/.test(value)) return value;
    const path = context.path(value);
    if (!(await stat(path).catch(() => undefined))) throw new UsageError(`The input ${name}: there is no ${value}.`);
    context.output.status(`Uploading ${value} …`);
    return (await uploadPath(client, path, context)).id;
  }
  const text = value.startsWith("@") ? await readText(context, name, value.slice(1)) : value;
  if (type === "list") return parseList(name, text);
  if (type === "json") return parseJson(name, text);
  // Numbers and booleans go as text too: the server reads them by the daemon's own declaration.
  return text;
}

async function readText(context: Context, name: string, path: string): Promise<string> {
  return readFile(context.path(path), "utf8").catch(() => {
    throw new UsageError(`The input ${name}: ${path} cannot be read.`);
  });
}

const parseList = (name: string, text: string): unknown =>
  text.trimStart().startsWith("[") ? parseJson(name, text) : text.split(",").map((item) => item.trim());

function parseJson(name: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`The input ${name} must be JSON.`);
  }
}
