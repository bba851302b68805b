import { floatAttribute, intAttribute, readInt } from "../../onnx/attributes.ts";
import type { Graph } from "../../onnx/graph.ts";
import type { NodeProto } from "../../onnx/proto.ts";
import { numbers } from "../../onnx/shapes/shape-rule.ts";
import type { ValueTypes } from "../../onnx/shapes/value-types.ts";
import { Pattern, replaceEnd } from "./pattern.ts";

/**
 * Replaces what exporters write for layer normalisation,
 *
 *     c = x − mean x,   y = c / √(mean c² + ε) · scale + bias,
 *
 * by the operator, with its mean and inverse deviation as outputs for the derivative; LayerNormalization nodes that are there
 * get those outputs too. Returns how many there are now.
 */
export function fuseLayerNorm(graph: Graph, types: ValueTypes): number {
  let count = 0;
  for (const end of graph.nodes) {
    const found = end.opType === "LayerNormalization" ? bare(end) : match(graph, types, end);
    if (found !== undefined) {
      const [output = ""] = end.output;
      const outputs = [output, graph.uniqueName(`${output}_mean`), graph.uniqueName(`${output}_inverse`)];
      replaceEnd(graph, end, { opType: "LayerNormalization", outputs, ...found });
      count += 1;
    }
  }
  return count;
}

type Found = Pick<Parameters<typeof replaceEnd>[2], "inputs" | "attributes">;

function bare(node: NodeProto): Found | undefined {
  return node.output.length === 1 ? { inputs: node.input, attributes: node.attribute } : undefined;
}

function match(graph: Graph, types: ValueTypes, end: NodeProto): Found | undefined {
  const pattern = new Pattern(graph);
  const isVector = (value: string): boolean =>
    types.of(value).dims?.length === 1 && graph.initializer(value) !== undefined;
  const [bias, scaled] = (end.opType === "Add" ? pattern.operands(end, isVector) : undefined) ?? [];
  const [scale, quotient] = pattern.operands(pattern.producer(scaled, "Mul"), isVector) ?? [];
  const [centred, deviation] = pattern.producer(quotient, "Div")?.input ?? [];
  const [x, mean] = pattern.producer(centred, "Sub")?.input ?? [];
  const [spread] = pattern.producer(deviation, "Sqrt")?.input ?? [];
  const sum = pattern.producer(spread, "Add");
  const [epsilonName, variance] = pattern.operands(sum, (value) => pattern.scalar(value) !== undefined) ?? [];
  const epsilon = pattern.scalar(epsilonName);
  const [square] = reducedOverLast(pattern, types, variance) ?? [];
  const [averaged] = reducedOverLast(pattern, types, mean) ?? [];
  const isSquare = square !== undefined && centred !== undefined && isSquareOf(pattern, square, centred);
  if (
    bias === undefined ||
    scale === undefined ||
    x === undefined ||
    averaged !== x ||
    epsilon === undefined ||
    !isSquare
  ) {
    return undefined;
  }
  return { inputs: [x, scale, bias], attributes: [intAttribute("axis", -1), floatAttribute("epsilon", epsilon)] };
}

function reducedOverLast(
  pattern: Pattern,
  types: ValueTypes,
  value: string | undefined,
): readonly string[] | undefined {
  const node = pattern.producer(value, "ReduceMean");
  const axes = node === undefined ? undefined : numbers(types.of(node.input[1] ?? ""));
  const rank = types.of(node?.input[0] ?? "").dims?.length;
  const isLast = axes?.length === 1 && (axes[0] === -1 || axes[0] === (rank ?? 0) - 1);
  return node !== undefined && isLast && readInt(node, "keepdims", 1) === 1 ? node.input : undefined;
}

function isSquareOf(pattern: Pattern, square: string, value: string): boolean {
  const power = pattern.producer(square, "Pow");
  if (power !== undefined) {
    return power.input[0] === value && pattern.isScalar(power.input[1], 2);
  }
  const product = pattern.producer(square, "Mul");
  return product?.input[0] === value && product.input[1] === value;
}
