import { Graph } from "../onnx/graph.ts";
import type { ModelProto, NodeProto } from "../onnx/proto.ts";
import { staticDims } from "../onnx/shapes/value-type.ts";
import type { ValueType } from "../onnx/shapes/value-type.ts";
import { ValueTypes } from "../onnx/shapes/value-types.ts";
import { elementCount } from "../onnx/tensor.ts";
import { upgradeOpset } from "../onnx/upgrade-opset.ts";
import { findParameters } from "./find-parameters.ts";
import { hasDerivativeRule, isConstantOperator } from "./registry.ts";

/** What a model file holds, for people and programs. */
export interface ModelInspection {
  readonly opsets: readonly { readonly domain: string; readonly version: number }[];
  readonly inputs: readonly NamedType[];
  readonly outputs: readonly NamedType[];
  readonly operators: readonly OperatorCount[];
  readonly initializers: { readonly tensors: number; readonly elements: number };
  /** Weights that can be trained. */
  readonly parameters: { readonly tensors: number; readonly elements: number };
}

interface NamedType {
  readonly name: string;
  readonly dataType: string;
  readonly dims: readonly (number | string)[];
}

interface OperatorCount {
  readonly operator: string;
  readonly nodes: number;
  /** `rule`: has a derivative rule. `none`: has none. `not needed`: no gradient flows through it. */
  readonly derivative: "rule" | "none" | "not needed";
}

/** Reads a model without running it. Its operator set is raised in place, as it is for training. */
export function inspectModel(model: ModelProto): ModelInspection {
  const opsets = model.opsetImport.map(({ domain, version }) => ({ domain, version: Number(version.toString()) }));
  const operators = countOperators(model.graph.node);
  upgradeOpset(model);
  const graph = new Graph(model.graph);
  const types = new ValueTypes(graph);
  const parameters = findParameters(graph, types);
  const named = (name: string): NamedType => describe(name, types.of(name));
  return {
    opsets,
    inputs: graph.inputNames.map(named),
    outputs: graph.outputNames.map(named),
    operators,
    initializers: {
      tensors: graph.initializers.length,
      elements: sum(graph.initializers.map(({ name }) => elementCount(staticDims(types.of(name).dims) ?? [0]))),
    },
    parameters: { tensors: parameters.length, elements: sum(parameters.map(({ dims }) => elementCount(dims))) },
  };
}

/** Nodes by operator, the most frequent first. */
export function countOperators(nodes: readonly NodeProto[]): readonly OperatorCount[] {
  const groups = Map.groupBy(nodes, ({ domain, opType }) => (domain === "" ? opType : `${domain}.${opType}`));
  const counts = [...groups].map(([operator, members]): OperatorCount => {
    const isNeeded = members.some((node) => !isConstantOperator(node) && node.opType !== "Constant");
    const hasRule = members.every(hasDerivativeRule);
    return { operator, nodes: members.length, derivative: hasRule ? "rule" : isNeeded ? "none" : "not needed" };
  });
  return counts.sort((a, b) => b.nodes - a.nodes || (a.operator < b.operator ? -1 : 1));
}

function describe(name: string, { dataType, dims }: ValueType): NamedType {
  return { name, dataType: dataType ?? "unknown", dims: dims ?? ["?"] };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
