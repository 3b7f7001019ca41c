import { z } from "zod";
import { AnyJsonObject } from "./json.ts";
import { operation } from "./operation.ts";
import { PageQuery, pageOf } from "./page.ts";

/** Something wrong (or worth saying) in the company's files, with its place. */
export const FileProblem = z
  .object({
    file: z.string(),
    line: z.number().int(),
    column: z.number().int(),
    pointer: z.string(),
    message: z.string(),
    suggestion: z.string().nullable(),
    severity: z.enum(["error", "warning"]),
  })
  .meta({ id: "file_problem" });
export type FileProblem = z.infer<typeof FileProblem>;

export const DaemonSummary = z
  .object({
    id: z.string(),
    name: z.string(),
    version: z.string(),
    digest: z.string(),
    description: z.string().nullable(),
    stages: z.number().int(),
    inputs: z.array(
      z.object({
        name: z.string(),
        type: z.string(),
        required: z.boolean(),
        description: z.string().nullable(),
        default: z.unknown(),
        options: z.array(z.string()).nullable(),
      }),
    ),
  })
  .meta({ id: "daemon_summary" });
export type DaemonSummary = z.infer<typeof DaemonSummary>;

export const definitionOperations = {
  listDaemons: operation({
    method: "GET",
    path: "/v1/definitions/daemons",
    summary: "The company's daemons, by id.",
    allow: "viewer",
    input: PageQuery,
    output: pageOf(DaemonSummary),
    errors: [],
  }),
  getDaemon: operation({
    method: "GET",
    path: "/v1/definitions/daemons/:id",
    summary: "One daemon in canonical form, with its versions, newest first.",
    allow: "viewer",
    input: z.strictObject({ id: z.string().min(1).max(200) }),
    output: DaemonSummary.extend({
      definition: AnyJsonObject,
      versions: z.array(z.object({ digest: z.string(), version: z.string().nullable(), loaded_at: z.iso.datetime() })),
    }),
    errors: ["not_found"],
  }),
  problems: operation({
    method: "GET",
    path: "/v1/definitions/problems",
    summary: "What is wrong in the company's files now. With errors the last good version goes on running.",
    allow: "viewer",
    input: z.strictObject({}),
    output: z.object({ items: z.array(FileProblem) }),
    errors: [],
  }),
  listSchemas: operation({
    method: "GET",
    path: "/v1/definitions/schemas",
    summary: "Names of the JSON Schemas of the company's files.",
    allow: "viewer",
    input: z.strictObject({}),
    output: z.object({ items: z.array(z.object({ name: z.string(), path: z.string() })) }),
    errors: [],
  }),
  getSchema: operation({
    method: "GET",
    path: "/v1/definitions/schemas/:name",
    summary: "One JSON Schema, for editors.",
    allow: "viewer",
    input: z.strictObject({ name: z.string().min(1).max(100) }),
    output: AnyJsonObject,
    errors: ["not_found"],
  }),
};
