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

/**
 * The weights that a graph's outputs depend on. Exporters mix them with constants (frequencies of rotary positions, mask
 * values, scales): a weight is a float initializer with several elements that is an embedding table or meets a value
 * computed from one.
 */
export function findParameters(graph: Graph, types: ValueTypes): readonly GraphParameter[] {
  const found = new Map<string, GraphParameter>();
  const learned = new Set<string>();
  for (const node of graph.sortedNodes()) {
    const weights = node.input.filter((name) => isWeight(graph, types, name));
    const meets = isLookup(node, weights) || node.input.some((name) => learned.has(name));
    if (!meets) {
      continue;
    }
    for (const name of weights.filter((weight) => !found.has(weight))) {
      const dims = types.of(name).dims?.map(Number) ?? [];
      found.set(name, { name, dims, path: node.name });
    }
    for (const output of node.output) {
      learned.add(output);
    }
  }
  return [...found.values()];
}

function isLookup(node: NodeProto, weights: readonly string[]): boolean {
  return node.opType === "Gather" && weights.includes(node.input[0] ?? "");
}

function isWeight(graph: Graph, types: ValueTypes, name: string): boolean {
  const type = types.of(name);
  const elements = type.dims?.reduce((all: number, dim) => all * Number(dim), 1) ?? 0;
  return graph.initializer(name) !== undefined && isFloat(type) && elements > 1;
}
