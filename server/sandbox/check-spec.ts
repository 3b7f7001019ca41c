import { fail } from "@regent/contract";
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
    if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw invalid(`"${name}" cannot be the name of a variable`);
    if (value.includes("\0")) throw invalid(`the variable ${name} holds a NUL character`);
    const bytes = Buffer.byteLength(value) + name.length + 2;
    total += bytes;
    if (bytes > VARIABLE_BYTES_MAX) throw invalid(`the variable ${name} is larger than 128 KB; pass it as a file`);
  }
  if (total > ENVIRONMENT_BYTES_MAX) throw invalid("the variables together are larger than 1 MB; pass some as files");
  for (const { name } of inputs) {
    if (!isPlainName(name)) throw invalid(`"${name}" cannot be the name of an input`);
  }
  if (new Set(inputs.map(({ name }) => name)).size < inputs.length) throw invalid("two inputs have one name");
  if (workingDirectory !== "" && !workingDirectory.split("/").every(isPlainName)) {
    throw invalid(`the working directory "${workingDirectory}" must be a path below the workspace`);
  }
  if (script.includes("\0")) throw invalid("the script holds a NUL character");
}

const isPlainName = (name: string): boolean =>
  name !== "" && name !== "." && name !== ".." && !/[/\0]/.test(name) && Buffer.byteLength(name) <= 255;

const invalid = (reason: string) => fail("invalid_input", { reason });
