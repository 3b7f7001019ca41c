import { z } from "zod";
import { AnyJsonObject } from "./json.ts";
import { operation } from "./operation.ts";

/** One part that Regent needs, whether it works, and how to get it when not. */
export const PartStatus = z
  .object({
    name: z.string(),
    ok: z.boolean(),
    /** What was found, in words. */
    detail: z.string(),
    /** What to do about it; null when nothing is to be done. */
    fix: z.string().nullable(),
    /** True: Regent works without it, with less. */
    optional: z.boolean(),
  })
  .meta({ id: "part_status" });
export type PartStatus = z.infer<typeof PartStatus>;

export const SystemStatus = z
  .object({
    version: z.string(),
    node: z.string(),
    role: z.string(),
    company: z.object({ id: z.string(), name: z.string(), folder: z.string() }),
    data: z.object({ folder: z.string() }),
    started_at: z.iso.datetime(),
    parts: z.array(PartStatus),
    /** Bytes in the data folder and in the database, by what they are. */
    sizes: z.array(z.object({ name: z.string(), bytes: z.number().int() })),
  })
  .meta({ id: "system_status" });
export type SystemStatus = z.infer<typeof SystemStatus>;

const Nothing = z.strictObject({});

export const systemOperations = {
  health: operation({
    method: "GET",
    path: "/healthz",
    summary: "The process answers.",
    allow: "public",
    input: Nothing,
    output: z.object({ ok: z.literal(true) }),
    errors: [],
  }),
  ready: operation({
    method: "GET",
    path: "/readyz",
    summary: "Database and workers are there: 200; otherwise 503 and why.",
    allow: "public",
    input: Nothing,
    output: z.object({ ok: z.literal(true) }),
    errors: ["not_ready"],
  }),
  metrics: operation({
    method: "GET",
    path: "/metrics",
    summary: "Figures of this process as Prometheus text.",
    allow: "viewer",
    input: Nothing,
    output: z.string(),
    answer: "text",
    errors: [],
  }),
  openapi: operation({
    method: "GET",
    path: "/v1/openapi.json",
    summary: "This API as OpenAPI 3.1.",
    allow: "public",
    input: Nothing,
    output: AnyJsonObject,
    errors: [],
  }),
  status: operation({
    method: "GET",
    path: "/v1/status",
    summary: "Versions, parts that work or are missing and how to get them, and sizes: what `regent doctor` prints.",
    allow: "viewer",
    input: Nothing,
    output: SystemStatus,
    errors: [],
  }),
};
