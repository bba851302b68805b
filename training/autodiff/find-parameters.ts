import type { Graph } from "../onnx/graph.ts";
import type { NodeProto } from "../onnx/proto.ts";
import { isFloat } from "../onnx/shapes/value-type.ts";
import type { ValueTypes } from "../onnx/shapes/value-types.ts";

/** A weight of a network, as its graph has it. */
export interface GraphParameter {
  readonly name: string;
  readonly dims: readonly number[];
  /** Name of the first node that reads it, in which exporters keep the module: `/encoder/layer.3/output/dense/MatMul`. */
  readonly path: string;
}

/** Operators through which a weight stays one weight: exporters transpose the weights of linear layers in the graph. */
const REARRANGING: ReadonlySet<string> = new Set("Cast Identity Reshape Squeeze Transpose Unsqueeze".split(" "));

/**
 * The weights that a graph's outputs depend on. Exporters mix them with constants (frequencies of rotary positions, mask
 * values, scales): a weight is a float initializer with several elements that is an embedding table or meets, perhaps
 * rearranged, a value computed from one.
 */
export function findParameters(graph: Graph, types: ValueTypes): readonly GraphParameter[] {
  const found = new Map<string, GraphParameter>();
  const learned = new Set<string>();
  /** The initializer that a value is, or is a rearrangement of. */
  const weightOf = new Map<string, string>();
  for (const { name } of graph.initializers.filter((tensor) => isWeight(types, tensor.name))) {
    weightOf.set(name, name);
  }
  for (const node of graph.sortedNodes()) {
    const weights = node.input.flatMap((name) => weightOf.get(name) ?? []);
    const [weight] = weights;
    const meets = isLookup(node, weightOf) || node.input.some((name) => learned.has(name));
    if (!meets && weight !== undefined && REARRANGING.has(node.opType)) {
      weightOf.set(node.output[0] ?? "", weight);
    }
    if (!meets) {
      continue;
    }
    for (const name of weights.filter((candidate) => !found.has(candidate))) {
      const dims = types.of(name).dims?.map(Number) ?? [];
      found.set(name, { name, dims, path: node.name });
    }
    for (const output of node.output) {
      learned.add(output);
    }
  }
  return [...found.values()];
}

function isLookup(node: NodeProto, weightOf: ReadonlyMap<string, string>): boolean {
  return node.opType === "Gather" && weightOf.has(node.input[0] ?? "");
}

function isWeight(types: ValueTypes, name: string): boolean {
  const type = types.of(name);
  const elements = type.dims?.reduce((all: number, dim) => all * Number(dim), 1) ?? 0;
  return isFloat(type) && elements > 1;
}
