import { ERRORS, type ErrorCode, isErrorCode, type Json, RegentError } from "@regent/contract";
import type { z } from "zod";

export interface InputError {
  /** JSON pointer into the body; for a path or query parameter `/` and its name. */
  pointer: string;
  message: string;
}

/** RFC 9457. `context` holds the values of the sentence, for programs. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  detail: string;
  code: ErrorCode;
  errors?: InputError[];
  context?: Record<string, Json>;
  request_id: string;
}

export function toProblem(error: RegentError, requestId: string): Problem {
  const { status, who } = ERRORS[error.code];
  const { errors, ...context } = error.detail;
  return {
    type: `urn:regent:error:${error.code}`,
    title: toTitle(error.code),
    status,
    detail: error.message,
    code: error.code,
    ...(Array.isArray(errors) ? { errors: errors as unknown as InputError[] } : {}),
    // What an operator or we must know goes to the log, not to the caller.
    ...(who === "caller" && Object.keys(context).length > 0 ? { context } : {}),
    request_id: requestId,
  };
}

/** Anything thrown as an error of the table; what is not one is ours, and its text stays inside. */
export const toRegentError = (error: unknown): RegentError =>
  isRegentError(error) ? error : new RegentError("internal", {}, { cause: error });

export const toInputErrors = (error: z.ZodError): InputError[] =>
  error.issues.slice(0, 100).flatMap((issue) =>
    issue.code === "unrecognized_keys"
      ? issue.keys.slice(0, 20).map((key) => ({
          pointer: toPointer([...issue.path, key]),
          message: "There is no such field or parameter.",
        }))
      : [{ pointer: toPointer(issue.path), message: issue.message }],
  );

export const invalidInput = (errors: InputError[]): RegentError =>
  new RegentError("invalid_input", { errors: errors as unknown as Json });

const toPointer = (path: PropertyKey[]): string =>
  path.map((part) => `/${String(part).slice(0, 200).replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

const toTitle = (code: string): string => {
  const words = code.replaceAll("_", " ");
  return words[0]!.toUpperCase() + words.slice(1);
};

const isRegentError = (error: unknown): error is RegentError =>
  error instanceof RegentError ||
  (error instanceof Error && error.name === "RegentError" && isErrorCode((error as RegentError).code));
