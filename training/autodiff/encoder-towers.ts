import { AppError } from "../../src/shared/errors.ts";
import { copyStructure } from "../onnx/copy-structure.ts";
import type { GraphBuilder } from "../onnx/graph-builder.ts";
import { Graph } from "../onnx/graph.ts";
import { ValueTypes } from "../onnx/shapes/value-types.ts";
import { graphAttributes } from "../onnx/subgraphs.ts";
import { upgradeOpset } from "../onnx/upgrade-opset.ts";
import type { EncoderSpec } from "./encoder-spec.ts";
import { fuseGelu } from "./fusion/fuse-gelu.ts";
import { fuseLayerNorm } from "./fusion/fuse-layer-norm.ts";
import { poolEmbeddings } from "./pool-embeddings.ts";

/** An encoder made ready to be copied into training graphs: newest operators, and only what its hidden state depends on. */
export interface PreparedEncoder extends EncoderSpec {
  readonly graph: Graph;
}

/** Works on a copy of the graph; weights are shared with the model given. Throws AppError `invalid_artifact`. */
export function prepareEncoder(encoder: EncoderSpec): PreparedEncoder {
  const model = copyStructure(encoder.model);
  const output = model.graph.output.filter(({ name }) => name === encoder.output);
  if (output.length === 0) {
    const names = model.graph.output.map(({ name }) => name).join(", ");
    throw new AppError("invalid_artifact", `the graph has no output "${encoder.output}"; it has ${names}`);
  }
  model.graph.output = output;
  upgradeOpset(model);
  const graph = new Graph(model.graph);
  fuseLayerNorm(graph, new ValueTypes(graph));
  fuseGelu(graph);
  graph.removeDead();
  graph.commit();
  return { ...encoder, model, graph };
}

export interface AppendEncoderOptions {
  readonly build: GraphBuilder;
  readonly source: PreparedEncoder;
  /** Put before the names of the copy's values and inputs. */
  readonly tower: string;
}

/** Copies an encoder into a graph that has its initializers, pools, and returns the embeddings, (texts, dims). */
export function appendEncoder({ build, source, tower }: AppendEncoderOptions): string {
  const dims = [`${tower}/texts`, `${tower}/tokens`];
  const names = new Map<string, string>();
  const tokens = new Set<string>([...source.inputs, ...(source.pooling === "cls" ? [] : ["attention_mask" as const])]);
  for (const input of tokens) {
    names.set(input, build.input(`${tower}/${input}`, dims, "int64"));
  }
  const missing = source.graph.inputNames.filter((name) => !tokens.has(name));
  if (missing.length > 0) {
    throw new AppError("invalid_artifact", `the graph also wants ${missing.join(", ")}; only token inputs are fed`);
  }
  for (const node of source.graph.sortedNodes()) {
    if (graphAttributes(node).length > 0) {
      throw new AppError(
        "invalid_artifact",
        `${node.opType} "${node.name}" has subgraphs, which cannot be trained through`,
      );
    }
    for (const output of node.output.filter((name) => name !== "")) {
      names.set(output, `${tower}/${output}`);
    }
    build.graph.addNode({
      opType: node.opType,
      name: build.graph.uniqueName(`${tower}/${node.name}`),
      inputs: node.input.map((name) => names.get(name) ?? name),
      outputs: node.output.map((name) => names.get(name) ?? ""),
      attributes: node.attribute,
      domain: node.domain,
    });
  }
  return poolEmbeddings(build, {
    states: names.get(source.output) ?? source.output,
    mask: names.get("attention_mask") ?? "",
    pooling: source.pooling,
    normalize: source.normalize,
  });
}
