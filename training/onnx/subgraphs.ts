import type { GraphProto, NodeProto } from "./proto.ts";

/** Names that the subgraphs of a node (If, Loop, Scan) take from the graph around it. */
export function outerNames(node: NodeProto): string[] {
  return node.attribute
    .flatMap(({ g, graphs }) => [...(g ? [g] : []), ...graphs])
    .flatMap((graph) => [...freeNames(graph)]);
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
