import type { Stage } from "@regent/contract";
import type { Path } from "./yaml-document.ts";

/** A stage while its daemon is made: where it stands in the file and among the others. */
export interface StageNode {
  id: string;
  name: string;
  output: string | undefined;
  path: Path;
  /** Its place among all stages of the daemon, in declared order. */
  order: number;
  handler: boolean;
  parent: StageNode | undefined;
  /** Siblings that must have ended. */
  needs: StageNode[];
  /** Where this stage goes to when it fails or is rejected. */
  goesTo: StageNode[];
  /** `item` and `index` are in scope of what is inside. */
  isForEach: boolean;
  /** Lists of stages inside this one. */
  children: StageNode[][];
  /** Names in scope that its scripts read; filled when the scope is checked. */
  reads: string[];
  stage: Stage | undefined;
}

export const flatten = (nodes: StageNode[]): StageNode[] =>
  nodes.flatMap((node) => [node, ...node.children.flatMap(flatten)]);

/** Whether one stage transitively needs another. Kept as bits: a daemon may have 2,000 stages with many needs each. */
export function createReach(count: number): (node: StageNode, source: StageNode) => boolean {
  const words = (count >> 5) + 1;
  const known = new Map<StageNode, Uint32Array>();
  const reachOf = (node: StageNode): Uint32Array => {
    const kept = known.get(node);
    if (kept !== undefined) return kept;
    const bits = new Uint32Array(words);
    known.set(node, bits);
    for (const need of node.needs) {
      const further = reachOf(need);
      for (let i = 0; i < words; i += 1) bits[i]! |= further[i]!;
      bits[need.order >> 5]! |= 1 << (need.order & 31);
    }
    return bits;
  };
  return (node, source) => (reachOf(node)[source.order >> 5]! & (1 << (source.order & 31))) !== 0;
}

/** A path of `needs` that leads back to its start, or undefined. */
export function findCycle(nodes: StageNode[]): StageNode[] | undefined {
  const state = new Map<StageNode, "open" | "done">();
  for (const start of nodes) {
    // Walked without recursion: a daemon may have thousands of stages in a row.
    const path: { node: StageNode; next: number }[] = [];
    if (!state.has(start)) path.push({ node: start, next: 0 });
    while (path.length > 0) {
      const top = path.at(-1)!;
      state.set(top.node, "open");
      const need = top.node.needs[top.next];
      top.next += 1;
      if (need === undefined) {
        state.set(top.node, "done");
        path.pop();
      } else if (state.get(need) === "open") {
        return [...path.slice(path.findIndex(({ node }) => node === need)).map(({ node }) => node), need];
      } else if (!state.has(need)) path.push({ node: need, next: 0 });
    }
  }
  return undefined;
}
