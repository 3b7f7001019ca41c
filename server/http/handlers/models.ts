import type { Capabilities } from "../doors.ts";
import type { HandlersOf } from "./handlers.ts";

const TEST_MS_MAX = 60_000;

export const modelHandlers = ({ models }: Capabilities): HandlersOf<"models"> => ({
  list: () => ({ items: models.list() }),
  async test({ model }, call) {
    const started = performance.now();
    const answer = await models.ask({
      model,
      prompt: "Answer with the one word: ready",
      key: call.newId("evt"),
      signal: AbortSignal.any([call.signal, AbortSignal.timeout(TEST_MS_MAX)]),
    });
    return {
      ...answer,
      text: answer.text.slice(0, 1_000),
      duration_ms: Math.round(performance.now() - started),
    };
  },
});
