/** What a run needs before its script starts, and what is taken away again after, in the opposite order. */
import { closeSync, constants, fchownSync, openSync, unlinkSync, writeFileSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { invalidSpec } from "./check-spec.ts";
import type { ControlGroup } from "./control-groups.ts";
import type { Pipe } from "./pipes.ts";
import type { Walls } from "./run-script.ts";
import type { Limits, ScriptSpec } from "./sandbox.ts";
import { stageInputs } from "./stage-inputs.ts";
import { giveTo, makeInputsFolder, makeStartFolder } from "./working-directory.ts";

export interface Prepared extends AsyncDisposable {
  /** Without links on the way. */
  directory: string;
  inputs: { name: string; source: string }[];
  /** The run's own user, when the server is root. */
  uid: number | undefined;
  group: ControlGroup | undefined;
  openStreams(): Promise<{ stdin: number | undefined; stdout: Pipe; stderr: Pipe }>;
}

export async function prepareRun(walls: Walls, spec: ScriptSpec, limits: Limits): Promise<Prepared> {
  const directory = await realpath(spec.directory);
  await using undo = new AsyncDisposableStack();
  const user = walls.uids?.take();
  if (user) undo.defer(() => user.release());
  const uid = user?.uid;

  if (uid !== undefined) await giveTo(directory, uid);
  const startFolder = await makeStartFolder(directory, spec.workingDirectory ?? "", uid);
  if (spec.inputs.length > 0) {
    if (!startFolder) throw invalidSpec("/workingDirectory", "a link leads to the working directory");
    undo.defer(await makeInputsFolder(startFolder, uid));
  }
  const staged = await stageInputs(spec, walls.directory, uid);
  undo.defer(staged.remove);
  const group = walls.groups?.create(`run-${nextNumber()}`, limits);
  if (group) undo.defer(() => group.remove());

  const kept = undo.move();
  return {
    ...{ directory, inputs: staged.inputs, uid, group },
    async openStreams() {
      const stdin = spec.stdin && openStdin(spec.stdin, join(walls.directory, `stdin-${nextNumber()}`), uid);
      if (stdin !== undefined) kept.defer(() => closeSync(stdin));
      const [stdout, stderr] = await Promise.all([walls.pipes.take(uid), walls.pipes.take(uid)]);
      for (const { reader } of [stdout, stderr]) kept.defer(() => void reader.destroy());
      return { stdin, stdout, stderr };
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** A file without a name: unlike a socket, a script can open it again as /dev/stdin. */
function openStdin(bytes: Uint8Array, path: string, uid: number | undefined): number {
  writeFileSync(path, bytes, { mode: 0o400 });
  try {
    const fd = openSync(path, constants.O_RDONLY);
    if (uid !== undefined) fchownSync(fd, uid, uid);
    return fd;
  } finally {
    unlinkSync(path);
  }
}

let number = 0;
const nextNumber = (): number => ++number;
