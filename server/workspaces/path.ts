import { fail } from "@regent/contract";

/** What a path of a tree may be. Whatever comes from a model, a tool call or a file name passes here. */
export interface PathLimits {
  depth: number;
  pathBytes: number;
}

/**
 * The one spelling of a path in a workspace: relative, `/` between parts, no `.` or `..`, no empty part.
 * @throws invalid_input  with a sentence that names the path
 */
export function toTreePath(text: string, limits: PathLimits): string {
  const refuse = (reason: string) =>
    fail("invalid_input", { errors: [{ pointer: "/path", message: `${show(text)}: ${reason}` }] });
  if (text.includes("\0")) throw refuse("a path holds no NUL character");
  if (text.startsWith("/")) throw refuse("the path is absolute; paths count from the workspace");
  const parts = text.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.length === 0) throw refuse("the path is empty");
  if (parts.includes("..")) throw refuse("the path leaves the workspace");
  const problem = pathProblem(parts.join("/"), limits);
  if (problem) throw refuse(problem);
  return parts.join("/");
}

/** Why a path cannot be kept, or undefined. */
export function pathProblem(path: string, limits: PathLimits): string | undefined {
  const parts = path.split("/");
  if (parts.length > limits.depth) return `it lies deeper than ${limits.depth} folders`;
  if (Buffer.byteLength(path) > limits.pathBytes) return `its path is longer than ${limits.pathBytes} bytes`;
  if (parts.some((part) => Buffer.byteLength(part) > 255)) return "one of its names is longer than 255 bytes";
  if (!path.isWellFormed()) return "its name is not valid Unicode";
  return undefined;
}

/** A path in a sentence: control characters escaped, never longer than a line. */
export const show = (path: string): string => {
  const quoted = JSON.stringify(path).slice(1, -1);
  return `"${quoted.length > 120 ? `${quoted.slice(0, 60)}…${quoted.slice(-50)}` : quoted}"`;
};

export const parentOf = (path: string): string => path.slice(0, Math.max(0, path.lastIndexOf("/")));

/** `a/b/c` → `a`, `a/b`. */
export function parentsOf(path: string): string[] {
  const parts = path.split("/");
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join("/"));
}

/** A bare name means that folder wherever it lies; with `/` it is a path from the root of the workspace. */
export const isCachePath = (path: string, cachePaths: string[] = []): boolean =>
  cachePaths.some((each) => {
    const wanted = each.replace(/^\.\//, "").replace(/\/+$/, "");
    return wanted.includes("/") ? path === wanted : path === wanted || path.endsWith(`/${wanted}`);
  });
