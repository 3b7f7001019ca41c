import type { Loop, TriggersDeps } from "./triggers.ts";

const EVERY_MS = 500;
/** The same trouble is said once in this many turns. */
const TURNS_SILENT = 120;

/** Does its parts one after the other, again and again. What fails is logged and tried again at the next turn. */
export function startLoop(deps: Pick<TriggersDeps, "log">, parts: (() => Promise<unknown>)[]): Loop {
  let stopped = false;
  let wake = () => {};
  const said = new Map<string, number>();
  let turnsDone = 0;
  const warn = (reason: string) => {
    if (turnsDone - (said.get(reason) ?? -TURNS_SILENT) < TURNS_SILENT) return;
    said.clear();
    said.set(reason, turnsDone);
    deps.log.warn({ reason }, "triggers wait and go on");
  };
  const turn = async () => {
    for (const part of parts) {
      if (stopped) return;
      await part().catch((error: Error) => warn(error.message));
    }
    turnsDone += 1;
  };
  const pause = () =>
    new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, EVERY_MS);
      wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  const turns = (async () => {
    while (!stopped) {
      await turn();
      if (!stopped) await pause();
    }
  })();
  return {
    async stop() {
      stopped = true;
      wake();
      await turns;
    },
  };
}
