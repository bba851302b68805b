import { int64ToNumber } from "../codec.ts";
import { dataTypeName } from "../data-type.ts";
import type { Graph } from "../graph.ts";
import type { NodeProto, TensorProto, ValueInfoProto } from "../proto.ts";
import { tensorDims } from "../tensor.ts";
import { integerElements } from "./integer-elements.ts";
import { SHAPE_RULES } from "./registry.ts";
import type { Dim, ValueType } from "./value-type.ts";

/**
 * Types and shapes of a graph's values, inferred on demand through the operators' shape rules and kept. Sizes that are only
 * known when the graph runs are names; shapes that the graph computes from other shapes are followed.
 */
export class ValueTypes {
  readonly #graph: Graph;
  readonly #known = new Map<string, ValueType>();
  readonly #declared = new Map<string, ValueType>();

  constructor(graph: Graph) {
    this.#graph = graph;
    for (const info of graph.valueInfos) {
      this.#declared.set(info.name, declaredType(info));
    }
    // In order, so that no chain is followed deeper than a few nodes.
    for (const node of graph.nodes) {
      this.#infer(node);
    }
  }

  /** What is known of a value; `{}` when nothing is. */
  of(value: string): ValueType {
    const known = this.#known.get(value);
    if (known !== undefined) {
      return known;
    }
    const producer = this.#graph.producer(value);
    if (producer !== undefined) {
      this.#infer(producer);
      return this.#known.get(value) ?? {};
    }
    const tensor = this.#graph.initializer(value);
    const type = tensor === undefined ? (this.#declared.get(value) ?? {}) : tensorType(tensor);
    this.#known.set(value, type);
    return type;
  }

  #infer(node: NodeProto): void {
    const constant = node.opType === "Constant" ? this.#graph.constant(node.output[0] ?? "") : undefined;
    const inputs = node.input.map((name) => (name === "" ? {} : this.of(name)));
    const fresh = (index: number, output = 0): string => `${node.output[output] ?? node.name}#${index}`;
    const inferred = constant ? [tensorType(constant)] : (SHAPE_RULES[node.opType]?.({ node, inputs, fresh }) ?? []);
    for (const [index, output] of node.output.entries()) {
      const declared = this.#declared.get(output);
      const { dataType = declared?.dataType, dims = declared?.dims, elements } = inferred[index] ?? {};
      this.#known.set(output, { dataType, dims, elements });
    }
  }
}

/** The declared type. A symbol means the same size only within one axis: exporters give both axes of ids one name. */
function declaredType({ name, type }: ValueInfoProto): ValueType {
  const tensor = type?.tensorType;
  const seen = new Set<string>();
  const dims = tensor?.shape?.dim.map(({ dimValue, dimParam }, axis): Dim => {
    const size = dimValue === undefined || dimValue === null ? 0 : int64ToNumber(dimValue);
    const symbol = dimParam ?? "";
    if (symbol === "" || seen.has(symbol)) {
      return size > 0 ? size : `${name}#${axis}`;
    }
    seen.add(symbol);
    return symbol;
  });
  return { dataType: dataTypeName(tensor?.elemType ?? 0), dims };
}

function tensorType(tensor: TensorProto): ValueType {
  return {
    dataType: dataTypeName(tensor.dataType),
    dims: tensorDims(tensor),
    elements: integerElements(tensor),
  };
}
