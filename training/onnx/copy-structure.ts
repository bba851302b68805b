import { createNodeProto } from "./codec.ts";
import type { ModelProto } from "./proto.ts";

/** A copy of everything that editing a graph changes; tensors and attributes are shared. */
export function copyStructure(model: ModelProto): ModelProto {
  const { graph } = model;
  return {
    ...model,
    opsetImport: model.opsetImport.map(({ domain, version }) => ({ domain, version })), // defaults are not own properties
    graph: {
      ...graph,
      node: graph.node.map((node) => createNodeProto({ ...node, input: [...node.input], output: [...node.output] })),
      initializer: [...graph.initializer],
      input: [...graph.input],
      output: [...graph.output],
      valueInfo: [...graph.valueInfo],
    },
  };
}
