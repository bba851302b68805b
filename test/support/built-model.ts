import { createModelProto } from "../../training/onnx/codec.ts";
import { GraphBuilder, MICROSOFT_DOMAIN } from "../../training/onnx/graph-builder.ts";
import type { GraphBuilderOptions } from "../../training/onnx/graph-builder.ts";
import { Graph } from "../../training/onnx/graph.ts";
import type { ModelProto } from "../../training/onnx/proto.ts";

/** A model whose graph a formula writes; what it returns becomes the output `y`, or its keys the outputs. */
export function builtModel(
  formula: (build: GraphBuilder) => string | Readonly<Record<string, string>>,
  options: GraphBuilderOptions = {},
): ModelProto {
  const model = createModelProto({
    irVersion: 9,
    producerName: "test",
    opsetImport: [
      { domain: "", version: 20 },
      { domain: MICROSOFT_DOMAIN, version: 1 },
    ],
    graph: { name: "graph" },
  });
  const graph = new Graph(model.graph);
  const build = new GraphBuilder(graph, options);
  const made = formula(build);
  for (const [name, value] of Object.entries(typeof made === "string" ? { y: made } : made)) {
    graph.addNode({ opType: "Identity", inputs: [value], outputs: [name] });
    graph.addOutput({ name, dataType: build.floatType });
  }
  graph.commit();
  return model;
}
