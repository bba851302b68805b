import type { Graph } from "./graph.ts";
import type { AttributeProto, NodeProto, TensorProto } from "./proto.ts";
import { graphAttributes } from "./subgraphs.ts";

/**
 * Makes one node of nodes that compute the same from the same (common subexpressions), outputs of the graph excepted, which
 * keep their names. Returns how many nodes went. Nodes with subgraphs and random ones stay.
 */
export function mergeDuplicates(graph: Graph): number {
  const isOutput = new Set(graph.outputNames);
  const seen = new Map<string, NodeProto>();
  const merged = new Map<string, string>();
  let removed = 0;
  for (const node of graph.sortedNodes()) {
    const reads = node.input.map((name) => merged.get(name) ?? name);
    const key = nodeKey(node, reads);
    const first = key === undefined ? undefined : seen.get(key);
    if (first !== undefined && !node.output.some((output) => isOutput.has(output))) {
      for (const [index, output] of node.output.entries()) {
        merged.set(output, first.output[index] ?? "");
      }
      graph.removeNode(node);
      removed += 1;
      continue;
    }
    if (key !== undefined && first === undefined) {
      seen.set(key, node);
    }
  }
  for (const [duplicate, original] of merged) {
    graph.replaceUses(duplicate, original);
  }
  return removed;
}

function nodeKey(node: NodeProto, reads: readonly string[]): string | undefined {
  if (node.opType.startsWith("Random") || graphAttributes(node).length > 0) {
    return undefined;
  }
  const attributes = node.attribute.map(attributeKey).sort();
  return JSON.stringify([node.domain, node.opType, reads, node.output.length, attributes]);
}

function attributeKey({ name, f, i, s, t, floats, ints, strings }: AttributeProto): string {
  const texts = [s, ...strings].map((bytes) => Buffer.from(bytes).toString("latin1"));
  return JSON.stringify([name, f, String(i), t ? tensorKey(t) : "", floats, ints.map(String), texts]);
}

function tensorKey(tensor: TensorProto): string {
  const { dims, dataType, rawData, floatData, int32Data, int64Data, doubleData } = tensor;
  const typed = [floatData, int32Data, int64Data.map(String), doubleData];
  return JSON.stringify([dims.map(String), dataType, Buffer.from(rawData).toString("latin1"), typed]);
}
