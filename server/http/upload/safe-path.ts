import { fail, type RegentError } from "@regent/contract";

/**
 * A path from outside, relative and inside the folder; empty for the folder itself.
 * @throws invalid_input
 */
export function toSafePath(path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  const unsafe =
    path.startsWith("/") || path.includes("\\") || path.includes("\0") || !path.isWellFormed() || parts.includes("..");
  if (unsafe || path.length > 4_000 || parts.some((part) => Buffer.byteLength(part) > 255))
    throw refuseUpload(`The path ${JSON.stringify(path.slice(0, 200).toWellFormed())} cannot be stored.`);
  return parts.join("/");
}

export const refuseUpload = (message: string): RegentError =>
  fail("invalid_input", { errors: [{ pointer: "", message }] });
