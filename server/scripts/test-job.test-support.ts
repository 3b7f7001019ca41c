import type { Json } from "@regent/contract";
import type { Job, Scope, StepControl } from "#kernel";
import type { Digest } from "#platform";

export interface RecordedTestStep {
  kind: string;
  name: string;
  value: Json;
  detail: Record<string, Json> | undefined;
}

/** A job outside a run: steps are performed once and kept in `steps`. */
export function testJob(tree: Digest, given: Partial<Job> & { scope?: Scope; signal?: AbortSignal } = {}) {
  const steps: RecordedTestStep[] = [];
  const job: Job = {
    run: { id: "run_1", daemon: "sample" },
    path: "stage",
    key: "run_1/stage",
    attempt: 1,
    scope: {},
    input: null,
    tree,
    files: [],
    cachePaths: [],
    render: (template) => template,
    definition: async () => undefined,
    async step(kind, name, work) {
      const control: StepControl = {
        signal: given.signal ?? new AbortController().signal,
        freeze: { isFrozen: () => false, onChange: () => () => {} },
        key: `run_1/stage/${kind}:${name}`,
      };
      const { value, detail } = await work(control);
      steps.push({ kind, name, value, detail });
      return value;
    },
    receive: async () => null,
    now: async () => 0,
    ...given,
  };
  return { job, steps };
}
