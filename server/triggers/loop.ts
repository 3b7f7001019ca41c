import type { Loop, TriggersDeps } from "./triggers.ts";

const EVERY_MS = 500;

/** Does its parts one after the other, again and again. What fails is logged and tried again at the next turn. */
export function startLoop(deps: Pick<TriggersDeps, "log">, parts: (() => Promise<unknown>)[]): Loop {
  let stopped = false;
  let wake = () => {};
  const turn = async () => {
    for (const part of parts) {
      if (stopped) return;
      await part().catch((error: Error) => deps.log.warn({ reason: error.message }, "triggers wait and go on"));
    }
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
