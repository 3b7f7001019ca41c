import { fail, type Operation } from "@regent/contract";
import { z } from "zod";
import { isStorable, parseJson } from "./parse-json.ts";
import { type InputError, invalidInput, toInputErrors } from "./problem.ts";
import { readBody } from "./read-body.ts";

const JSON_BYTES_MAX = 4_000_000;

/** Reads what the operation declares out of path, query and body. */
export type ReadInput = (request: Request, pathParameters: Record<string, string>) => Promise<ReadInputResult>;

export interface ReadInputResult {
  input: Record<string, unknown>;
  /** Bytes of the JSON body, for the digest of the request. */
  body: Uint8Array;
}

/** @throws invalid_input, unsupported_media_type, payload_too_large */
export function createInputReader(operation: Operation): ReadInput {
  const inPath = new Set([...operation.path.matchAll(/:(\w+)/g)].map((match) => match[1]!));
  const types = toParameterTypes(operation.input);
  const hasJsonBody = (operation.method === "POST" || operation.method === "PUT") && operation.body !== "bytes";

  return async (request, pathParameters) => {
    const query = readQuery(new URL(request.url).searchParams, types, hasJsonBody ? new Set() : inPath);
    const body = hasJsonBody ? await readBody(request, JSON_BYTES_MAX) : new Uint8Array();
    const fields = body.length > 0 ? readFields(request, body, operation, inPath) : {};
    if (hasJsonBody && Object.keys(query).length > 0)
      throw invalidInput(Object.keys(query).map((name) => ({ pointer: `/${name}`, message: NO_PARAMETER })));
    for (const text of Object.values(pathParameters))
      if (!isStorable(text))
        throw invalidInput([{ pointer: "", message: "The path holds characters that are not allowed." }]);

    const parsed = operation.input.safeParse({ ...query, ...fields, ...pathParameters });
    if (!parsed.success) throw invalidInput(toInputErrors(parsed.error));
    return { input: parsed.data, body };
  };
}

const NO_PARAMETER = "There is no such parameter.";

function readFields(
  request: Request,
  body: Uint8Array,
  operation: Operation,
  inPath: ReadonlySet<string>,
): Record<string, unknown> {
  const type = request.headers.get("content-type")?.split(";")[0]?.trim().toLowerCase() ?? "";
  if (type !== "application/json" && !type.endsWith("+json"))
    throw fail("unsupported_media_type", { expected: "application/json" });
  const value = parseJson(body);
  if (Array.isArray(value) && operation.arrayBody) return { [operation.arrayBody]: value };
  if (value === null || typeof value !== "object" || Array.isArray(value))
    throw invalidInput([{ pointer: "", message: "The body must be a JSON object." }]);
  const clash = Object.keys(value).find((name) => inPath.has(name));
  if (clash) throw invalidInput([{ pointer: `/${clash}`, message: "This stands in the path already." }]);
  return value;
}

type ParameterType = "integer" | "boolean" | "list" | "text";

/** Query parameters are text; the operation's schema says what they stand for. */
function readQuery(
  parameters: URLSearchParams,
  types: ReadonlyMap<string, ParameterType>,
  inPath: ReadonlySet<string>,
): Record<string, unknown> {
  const errors: InputError[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, text] of parameters) {
    const pointer = `/${name.slice(0, 200).toWellFormed().replaceAll("\0", "")}`;
    if (!types.has(name) || inPath.has(name)) errors.push({ pointer, message: NO_PARAMETER });
    else if (Object.hasOwn(values, name)) errors.push({ pointer, message: "This parameter may stand only once." });
    else if (!isStorable(text)) errors.push({ pointer, message: "This value holds characters that are not allowed." });
    else values[name] = toValue(text, types.get(name)!);
  }
  if (errors.length > 0) throw invalidInput(errors.slice(0, 20));
  return values;
}

function toValue(text: string, type: ParameterType): unknown {
  if (type === "integer") return /^-?\d{1,15}$/.test(text) ? Number(text) : text;
  if (type === "boolean") return text === "true" ? true : text === "false" ? false : text;
  return type === "list" ? text.split(",") : text;
}

function toParameterTypes(input: Operation["input"]): Map<string, ParameterType> {
  const schema = z.toJSONSchema(input, { io: "input", unrepresentable: "any" });
  return new Map(
    Object.entries(schema.properties ?? {}).map(([name, property]) => {
      const type = typeof property === "object" ? property.type : undefined;
      return [name, type === "integer" || type === "boolean" ? type : type === "array" ? "list" : "text"];
    }),
  );
}
