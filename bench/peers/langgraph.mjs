/**
 * Subject: LangGraph.js with its PostgreSQL checkpointer. `sync` writes each checkpoint before the next node starts,
 * which is the promise that Regent makes. Protocol: protocol.mjs; needs `npm ci` in this folder.
 */
import { readFileSync } from "node:fs";
import { Annotation, END, START, StateGraph } from "@langchain/langgraph";
import { PostgresSaver } from "@langchain/langgraph-checkpoint-postgres";
import pg from "pg";
import { serve } from "./protocol.mjs";

const State = Annotation.Root({ sum: Annotation({ reducer: (a, b) => a + b, default: () => 0 }) });
let checkpointer;
let pool;
const graphs = new Map();

/** A chain of nodes that each add 1. */
function chain(count, onNode = () => {}) {
  let graph = new StateGraph(State);
  for (let i = 0; i < count; i++) {
    graph = graph.addNode(`step${i}`, async () => {
      onNode();
      return { sum: 1 };
    });
    graph = graph.addEdge(i === 0 ? START : `step${i - 1}`, `step${i}`);
  }
  return graph.addEdge(`step${count - 1}`, END).compile({ checkpointer });
}

async function run(id, count) {
  if (!graphs.has(count)) graphs.set(count, chain(count));
  const startedAt = performance.now();
  const state = await graphs.get(count).invoke({ sum: 0 }, { configurable: { thread_id: id }, durability: "sync" });
  return { value: state.sum, ms: performance.now() - startedAt };
}

serve({
  async init({ databaseUrl, poolSize = 20 }) {
    pool = new pg.Pool({ connectionString: databaseUrl, max: poolSize });
    pool.on("error", () => {});
    checkpointer = new PostgresSaver(pool);
    await checkpointer.setup();
    return { name: "LangGraph.js sync", version: versionOf("@langchain/langgraph") };
  },
  runTen: ({ id }) => run(id, 10),
  runOne: ({ id }) => run(id, 1),
  async runSeq({ id, steps }) {
    const begun = [];
    const graph = chain(steps, () => begun.push(performance.now()));
    const options = { configurable: { thread_id: id }, durability: "sync", recursionLimit: steps + 10 };
    await graph.invoke({ sum: 0 }, options);
    return { gapsMs: begun.slice(1).map((at, i) => at - begun[i]) };
  },
  close: () => pool?.end(),
});

function versionOf(name) {
  return JSON.parse(readFileSync(new URL(`./node_modules/${name}/package.json`, import.meta.url), "utf8")).version;
}
