import type { GraphProto, NodeProto } from "./proto.ts";

/** Names that the subgraphs of a node (If, Loop, Scan) take from the graph around it. */
export function outerNames(node: NodeProto): string[] {
  return graphAttributes(node).flatMap((graph) => [...freeNames(graph)]);
}

/** The subgraphs of a node. */
export function graphAttributes(node: NodeProto): readonly GraphProto[] {
  return node.attribute.flatMap(({ g, graphs }) => [...(g ? [g] : []), ...graphs]);
}

function freeNames(graph: GraphProto): Set<string> {
  const own = new Set([
    ...graph.input.map(({ name }) => name),
    ...graph.initializer.map(({ name }) => name),
    ...graph.node.flatMap(({ output }) => output),
  ]);
  const read = [
    ...graph.node.flatMap((node) => [...node.input, ...outerNames(node)]),
    ...graph.output.map(({ name }) => name),
  ];
  return new Set(read.filter((name) => name !== "" && !own.has(name)));
}
