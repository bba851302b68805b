import { AppError } from "../../src/shared/errors.ts";
import type { NodeProto } from "./proto.ts";

export interface TopologicalOrderOptions {
  readonly nodes: readonly NodeProto[];
  /** Values that are there before any node runs: inputs and initializers. */
  readonly known: ReadonlySet<string>;
  /** Values that a node needs. */
  readonly reads: (node: NodeProto) => Iterable<string>;
}

/**
 * Nodes ordered so that each follows the producers of what it reads: depth first from the given order, so a graph that
 * is in order already stays as it is. Throws AppError `invalid_artifact` on a cycle or an unknown value.
 */
export function topologicalOrder({ nodes, known, reads }: TopologicalOrderOptions): NodeProto[] {
  const producers = new Map(nodes.flatMap((node) => node.output.map((output) => [output, node] as const)));
  const ordered: NodeProto[] = [];
  const state = new Map<NodeProto, "open" | "done">();
  for (const root of nodes) {
    const stack = [root]; // an explicit stack: deep models would overflow the call stack
    for (let node = stack.at(-1); node !== undefined; node = stack.at(-1)) {
      const pending = state.get(node) === "done" ? [] : pendingProducers({ node, known, producers, state, reads });
      if (pending.length > 0) {
        state.set(node, "open");
        stack.push(...pending);
        continue;
      }
      if (state.get(node) !== "done") {
        state.set(node, "done");
        ordered.push(node);
      }
      stack.pop();
    }
  }
  return ordered;
}

interface PendingOptions {
  readonly node: NodeProto;
  readonly known: ReadonlySet<string>;
  readonly producers: ReadonlyMap<string, NodeProto>;
  readonly state: ReadonlyMap<NodeProto, "open" | "done">;
  readonly reads: (node: NodeProto) => Iterable<string>;
}

function pendingProducers({ node, known, producers, state, reads }: PendingOptions): NodeProto[] {
  const pending: NodeProto[] = [];
  for (const name of reads(node)) {
    const producer = producers.get(name);
    if (producer === undefined && !known.has(name)) {
      throw new AppError(
        "invalid_artifact",
        `node "${node.name}" (${node.opType}) reads "${name}", which nothing produces`,
      );
    }
    if (producer === undefined || state.get(producer) === "done") {
      continue;
    }
    if (state.get(producer) === "open") {
      throw new AppError("invalid_artifact", `nodes form a cycle through "${name}" (${node.opType} "${node.name}")`);
    }
    pending.push(producer);
  }
  return pending;
}
