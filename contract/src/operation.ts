import type { z } from "zod";
import type { ErrorCode } from "./errors.ts";

export type Role = "viewer" | "developer" | "operator" | "approver" | "owner";

/**
 * One operation of the API. It is declared once and becomes HTTP route, OpenAPI, typed client and CLI from here.
 * `path` has `:names`; they are part of `input`, as are query parameters (GET, DELETE, `body: "bytes"`) or the JSON
 * body (POST, PUT).
 */
export interface Operation<Input extends z.ZodObject = z.ZodObject, Output extends z.ZodType = z.ZodType> {
  method: "GET" | "POST" | "PUT" | "DELETE";
  path: `/${string}`;
  summary: string;
  /** `public`: without a token. */
  allow: Role | "public";
  input: Input;
  output: Output;
  errors: readonly ErrorCode[];
  /** 200 unless said. 202: accepted, the work goes on. */
  status?: 200 | 201 | 202 | 204;
  /** `bytes`: a raw body, `multipart/form-data` or `application/x-tar`, spooled to disk before the handler sees it. */
  body?: "json" | "bytes";
  /** JSON unless said. */
  answer?: "json" | "bytes" | "text" | "events";
  /** A JSON array as body stands for an object with this one field. */
  arrayBody?: string;
}

export const operation = <const Declared extends Operation>(declared: Declared): Declared => declared;

export type InputOf<Declared extends Operation> = z.output<Declared["input"]>;
/** What a caller may leave out is optional here. */
export type RequestOf<Declared extends Operation> = z.input<Declared["input"]>;
export type OutputOf<Declared extends Operation> = z.output<Declared["output"]>;
