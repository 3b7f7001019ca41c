import { fail, type RegentError } from "@regent/contract";
import type { ScriptSpec } from "./sandbox.ts";

// The kernel takes no longer string into a new program, and no more than this beside the arguments.
const VARIABLE_BYTES_MAX = 128 * 1024 - 1;
const ENVIRONMENT_BYTES_MAX = 1024 * 1024;

/**
 * Names become variables of a shell and folders of the host's: nothing but plain names may pass.
 * @throws invalid_input
 */
export function checkSpec({ env, inputs, workingDirectory = "", script }: ScriptSpec): void {
  let total = 0;
  for (const [name, value] of Object.entries(env)) {
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw invalidSpec("/env", `"${name}" cannot be the name of a variable`);
    if (value.includes("\0")) throw invalidSpec("/env", `the variable ${name} holds a NUL character`);
    const bytes = Buffer.byteLength(value) + name.length + 2;
    total += bytes;
    if (bytes > VARIABLE_BYTES_MAX)
      throw invalidSpec("/env", `the variable ${name} is larger than 128 KB; pass it as a file`);
  }
  if (total > ENVIRONMENT_BYTES_MAX)
    throw invalidSpec("/env", "the variables together are larger than 1 MB; pass some as files");
  for (const { name } of inputs) {
    if (!isPlainName(name)) throw invalidSpec("/inputs", `"${name}" cannot be the name of an input`);
  }
  if (new Set(inputs.map(({ name }) => name)).size < inputs.length)
    throw invalidSpec("/inputs", "two inputs have one name");
  if (workingDirectory !== "" && !workingDirectory.split("/").every(isPlainName)) {
    throw invalidSpec(
      "/workingDirectory",
      `the working directory "${workingDirectory}" must be a path below the workspace`,
    );
  }
  if (script.includes("\0")) throw invalidSpec("/script", "the script holds a NUL character");
}

const isPlainName = (name: string): boolean =>
  name !== "" && name !== "." && name !== ".." && !/[/\0]/.test(name) && Buffer.byteLength(name) <= 255;

/** Says what is wrong also in the message, because a stage's failure shows that and not the detail. */
export function invalidSpec(pointer: string, message: string): RegentError {
  const error = fail("invalid_input", { errors: [{ pointer, message }] });
  error.message = `${error.message.replace(/\.$/, "")}: ${message}`;
  return error;
}
