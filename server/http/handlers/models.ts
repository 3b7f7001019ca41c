import type { Capabilities } from "../doors.ts";
import type { HandlersOf } from "./handlers.ts";

const TEST_MS_MAX = 90_000;

export const modelHandlers = ({ models }: Capabilities): HandlersOf<"models"> => ({
  list: () => ({ items: models.list() }),
  test: ({ model }, call) => models.test(model, AbortSignal.any([call.signal, AbortSignal.timeout(TEST_MS_MAX)])),
});
