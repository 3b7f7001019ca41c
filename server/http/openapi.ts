import { ERRORS, type ErrorCode, listOperations, type NamedOperation } from "@regent/contract";
import { z } from "zod";

type Schema = Record<string, unknown>;

/** The whole API as OpenAPI 3.1, made from the operations. */
export function toOpenApi(version: string): Record<string, unknown> {
  const schemas = new Map<string, Schema>([["problem", PROBLEM]]);
  const paths: Record<string, Record<string, unknown>> = {};
  for (const named of listOperations()) {
    const path = named.operation.path.replace(/:(\w+)/g, "{$1}");
    paths[path] = { ...paths[path], [named.operation.method.toLowerCase()]: toOperation(named, schemas) };
  }
  return {
    openapi: "3.1.0",
    info: {
      title: "Regent",
      version,
      description:
        "Times are ISO 8601 in UTC. Errors are `application/problem+json`. Every POST takes an `Idempotency-Key`: " +
        "the same key with the same request gets the first answer again.",
      license: { name: "MIT", identifier: "MIT" },
    },
    servers: [{ url: "/" }],
    security: [{ token: [] }],
    paths,
    components: {
      securitySchemes: {
        token: { type: "http", scheme: "bearer", description: "The file `token` in the data folder." },
      },
      schemas: Object.fromEntries([...schemas].sort(([a], [b]) => (a < b ? -1 : 1))),
    },
  };
}

function toOperation({ noun, name, operation }: NamedOperation, schemas: Map<string, Schema>): Schema {
  const input = toSchema(operation.input, "input", schemas);
  const properties = Object.entries((input.properties ?? {}) as Record<string, Schema>);
  const required = new Set((input.required ?? []) as string[]);
  const inPath = new Set([...operation.path.matchAll(/:(\w+)/g)].map((match) => match[1]!));
  const hasJsonBody = (operation.method === "POST" || operation.method === "PUT") && operation.body !== "bytes";

  const parameters = properties
    .filter(([field]) => inPath.has(field) || !hasJsonBody)
    .map(([field, schema]) => ({
      name: field,
      in: inPath.has(field) ? "path" : "query",
      required: inPath.has(field) || required.has(field),
      schema,
      ...(schema.type === "array" ? { style: "form", explode: false } : {}),
    }));
  const bodyFields = properties.filter(([field]) => !inPath.has(field));

  return {
    operationId: name,
    tags: [noun],
    summary: operation.summary,
    ...(operation.allow === "public" ? { security: [] } : {}),
    parameters: [...parameters, ...(operation.method === "POST" ? [IDEMPOTENCY_KEY] : [])],
    ...(hasJsonBody && bodyFields.length > 0 ? { requestBody: toJsonBody(operation, bodyFields, required) } : {}),
    ...(operation.body === "bytes" ? { requestBody: BYTES_BODY } : {}),
    responses: toResponses(operation, schemas),
  };
}

function toJsonBody(operation: NamedOperation["operation"], fields: [string, Schema][], required: Set<string>): Schema {
  const needed = fields.map(([field]) => field).filter((field) => required.has(field));
  const object = {
    type: "object",
    properties: Object.fromEntries(fields),
    ...(needed.length > 0 ? { required: needed } : {}),
    additionalProperties: false,
  };
  const list = fields.find(([field]) => field === operation.arrayBody)?.[1];
  return {
    required: needed.length > 0,
    content: { "application/json": { schema: list ? { oneOf: [object, list] } : object } },
  };
}

const CONTENT_TYPES = {
  json: "application/json",
  bytes: "application/octet-stream",
  text: "text/plain",
  events: "text/event-stream",
};

function toResponses(operation: NamedOperation["operation"], schemas: Map<string, Schema>): Schema {
  const answer = operation.answer ?? "json";
  const schema = answer === "bytes" ? {} : toSchema(operation.output, "output", schemas);
  const codes = new Set<ErrorCode>([...operation.errors, ...implied(operation), "internal"]);
  const byStatus = Map.groupBy(codes, (code) => ERRORS[code].status);
  return {
    [operation.status ?? 200]: {
      description: answer === "events" ? "A stream; the `data` of each message has this shape." : "Done.",
      content: { [CONTENT_TYPES[answer]]: { schema } },
    },
    ...Object.fromEntries(
      [...byStatus].map(([status, group]) => [
        status,
        {
          description: group.map((code) => `\`${code}\`: ${ERRORS[code].title}`).join("  \n"),
          content: { "application/problem+json": { schema: { $ref: "#/components/schemas/problem" } } },
        },
      ]),
    ),
  };
}

/** Errors that any operation of its kind may answer with, so that none has to name them. */
function implied(operation: NamedOperation["operation"]): ErrorCode[] {
  const hasInput = Object.keys(operation.input.shape).length > 0;
  return [
    "foreign_host",
    "invalid_input",
    ...(operation.allow === "public" ? [] : (["unauthenticated", "forbidden", "database_unavailable"] as const)),
    ...(operation.method === "GET" ? [] : (["foreign_origin"] as const)),
    ...(operation.method === "POST" ? (["idempotency_key_reused", "request_in_progress"] as const) : []),
    ...(operation.method === "POST" && hasInput ? (["payload_too_large", "unsupported_media_type"] as const) : []),
  ];
}

/** A schema without definitions of its own: those go to the document's components, once each. */
function toSchema(schema: z.ZodType, io: "input" | "output", schemas: Map<string, Schema>): Schema {
  const {
    $schema: _,
    $defs,
    ...root
  } = z.toJSONSchema(schema, {
    io,
    unrepresentable: "any",
    override: ({ jsonSchema }) => simplify(jsonSchema as Schema),
  }) as Schema;
  const local = ($defs ?? {}) as Record<string, Schema>;
  for (const [name, definition] of Object.entries(local)) {
    const { id: _id, $schema: _schema, ...body } = point(definition, local) as Schema;
    const known = schemas.get(name);
    if (known && JSON.stringify(known) !== JSON.stringify(body)) throw new Error(`Two schemas are called ${name}.`);
    schemas.set(name, body);
  }
  const { id, ...body } = point(root, local) as Schema;
  if (typeof id !== "string") return body;
  schemas.set(id, body);
  return { $ref: `#/components/schemas/${id}` };
}

/** What zod says besides the format, or the range of every safe integer, helps no reader. */
function simplify(schema: Schema): void {
  if (schema.format === "date-time") delete schema.pattern;
  if (schema.minimum === Number.MIN_SAFE_INTEGER) delete schema.minimum;
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
}

function point(value: unknown, local: Record<string, Schema>): unknown {
  if (Array.isArray(value)) return value.map((item) => point(item, local));
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [
      key,
      key === "$ref" && typeof inner === "string"
        ? inner.replace("#/$defs/", "#/components/schemas/")
        : point(inner, local),
    ]),
  );
}

const IDEMPOTENCY_KEY = {
  name: "Idempotency-Key",
  in: "header",
  required: false,
  description: "Kept for a day.",
  schema: { type: "string", minLength: 1, maxLength: 255, pattern: "^[\\x21-\\x7e]+$" },
};

const BYTES_BODY = {
  required: true,
  content: {
    "application/octet-stream": { schema: {} },
    "application/x-tar": { schema: {} },
    "multipart/form-data": { schema: { type: "object", additionalProperties: {} } },
  },
};

const PROBLEM: Schema = {
  type: "object",
  required: ["type", "title", "status", "detail", "code", "request_id"],
  properties: {
    type: { type: "string" },
    title: { type: "string" },
    status: { type: "integer" },
    detail: { type: "string", description: "One sentence for people." },
    code: { type: "string", enum: Object.keys(ERRORS) },
    errors: {
      type: "array",
      items: {
        type: "object",
        required: ["pointer", "message"],
        properties: { pointer: { type: "string" }, message: { type: "string" } },
      },
    },
    context: { type: "object", description: "The values of the sentence." },
    request_id: { type: "string" },
  },
};
