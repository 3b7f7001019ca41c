import type { z } from "zod";
import type { ErrorCode } from "./errors.ts";

export type Role = "viewer" | "developer" | "operator" | "approver" | "owner";

/**
 * One operation of the API. It is declared once and becomes HTTP route, OpenAPI, typed client and CLI from here.
 * `path` has `:names`; they are part of `input`, as are query parameters (GET, DELETE) or the JSON body (POST, PUT).
 */
export interface Operation<Input extends z.ZodType = z.ZodType, Output extends z.ZodType = z.ZodType> {
  method: "GET" | "POST" | "PUT" | "DELETE";
  path: `/${string}`;
  summary: string;
  allow: Role;
  input: Input;
  output: Output;
  errors: readonly ErrorCode[];
  /** 200 unless said. 202: accepted, the work goes on. */
  status?: 200 | 201 | 202 | 204;
}

export const operation = <Input extends z.ZodType, Output extends z.ZodType>(
  declared: Operation<Input, Output>,
): Operation<Input, Output> => declared;
