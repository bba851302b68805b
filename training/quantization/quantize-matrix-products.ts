import { intAttribute } from "../onnx/attributes.ts";
import { DATA_TYPE } from "../onnx/data-type.ts";
import type { Graph } from "../onnx/graph.ts";
import { createFloatScalar, createTensor } from "../onnx/tensor.ts";
import { roundWithFeedback } from "./feedback-rounding.ts";
import { addInputCodes } from "./input-codes.ts";
import type { InputCodes } from "./input-codes.ts";
import { SYMMETRIC_SCHEME, chooseInputScheme } from "./input-scheme.ts";
import type { InputScheme } from "./input-scheme.ts";
import type { InputStatistics } from "./input-statistics.ts";
import type { MatrixProduct } from "./matrix-product.ts";
import { columnScales, roundToNearest } from "./weight-codes.ts";
import type { WeightCodes } from "./weight-codes.ts";

export interface QuantizeMatrixProductsOptions {
  readonly graph: Graph;
  /** Version of the ONNX operator set. */
  readonly opset: number;
  /** All read the same input. */
  readonly products: readonly [MatrixProduct, ...MatrixProduct[]];
  /** Of the input; undefined: it is coded symmetrically and weights are rounded to nearest. */
  readonly statistics: InputStatistics | undefined;
}

/**
 * Replaces the products that read one value by integer products that share one quantised input:
 * MatMulInteger(codes, weights) -> Cast -> times the column's step -> times the row's step (-> plus the bias).
 */
export function quantizeMatrixProducts({
  graph,
  opset,
  products,
  statistics,
}: QuantizeMatrixProductsOptions): InputScheme {
  const [{ input }] = products;
  const weights = products.map(({ weights, outputs }) => ({ data: weights, outputs }));
  const scheme = statistics === undefined ? SYMMETRIC_SCHEME : chooseInputScheme({ statistics, weights });
  const codes = addInputCodes({ graph, value: input, scheme, opset });
  for (const product of products) {
    replaceProduct({ graph, product, codes, weights: codeWeights(product, scheme, statistics) });
  }
  return scheme;
}

function codeWeights(
  { weights, inputs, outputs }: MatrixProduct,
  { smoothing }: InputScheme,
  statistics: InputStatistics | undefined,
): WeightCodes {
  const smoothed =
    smoothing === undefined
      ? weights
      : weights.map((weight, index) => weight * (smoothing[Math.floor(index / outputs)] ?? 1));
  const scales = columnScales(smoothed, outputs);
  if (statistics === undefined) {
    return roundToNearest(smoothed, outputs, scales);
  }
  const gram = smoothGram(statistics, smoothing);
  return roundWithFeedback({ weights: smoothed, inputs, outputs, scales, gram });
}

/** Second moments of the smoothed input. A copy: the rounding overwrites it. */
function smoothGram({ gram, width }: InputStatistics, smoothing: Float32Array | undefined): Float64Array {
  const smoothed = gram.slice();
  if (smoothing !== undefined) {
    for (let row = 0; row < width; row += 1) {
      for (let column = 0; column < width; column += 1) {
        const index = row * width + column;
        smoothed[index] = (smoothed[index] ?? 0) / ((smoothing[row] ?? 1) * (smoothing[column] ?? 1));
      }
    }
  }
  return smoothed;
}

interface ReplaceProductOptions {
  readonly graph: Graph;
  readonly product: MatrixProduct;
  readonly codes: InputCodes;
  readonly weights: WeightCodes;
}

function replaceProduct({ graph, product, codes: input, weights }: ReplaceProductOptions): void {
  const { node, weightName, inputs, outputs, bias } = product;
  const [output = ""] = node.output;
  const name = (base: string, suffix: string): string => graph.uniqueName(`${base}_${suffix}`);
  const codes = createTensor(name(weightName, "codes"), "int8", [inputs, outputs], weights.codes);
  const columnSteps = createTensor(name(weightName, "steps"), "float", [outputs], weights.scales);
  const zeroPoint = createTensor(name(weightName, "zero_point"), "int8", [], Int8Array.of(0));
  for (const tensor of [codes, columnSteps, zeroPoint]) {
    graph.addInitializer(tensor);
  }
  graph.removeNode(node);
  const sums = name(output, "sums");
  graph.addNode({
    opType: "MatMulInteger",
    inputs: [input.codes, codes.name, input.zeroPoint, zeroPoint.name],
    outputs: [sums],
    name: node.name,
  });
  const floats = name(output, "floats");
  graph.addNode({
    opType: "Cast",
    inputs: [sums],
    outputs: [floats],
    attributes: [intAttribute("to", DATA_TYPE.float)],
  });
  const columns = name(output, "columns");
  graph.addNode({ opType: "Mul", inputs: [floats, columnSteps.name], outputs: [columns] });
  const scaled = bias === undefined ? output : name(output, "scaled");
  graph.addNode({ opType: "Mul", inputs: [columns, input.steps], outputs: [scaled] });
  if (bias !== undefined) {
    graph.addNode({ opType: "Add", inputs: [scaled, scaledBias(graph, bias)], outputs: [output] });
  }
}

function scaledBias(graph: Graph, { value, factor }: NonNullable<MatrixProduct["bias"]>): string {
  if (factor === 1) {
    return value;
  }
  const scalar = createFloatScalar(graph.uniqueName(`${value}_factor`), factor);
  graph.addInitializer(scalar);
  const scaled = graph.uniqueName(`${value}_scaled`);
  graph.addNode({ opType: "Mul", inputs: [value, scalar.name], outputs: [scaled] });
  return scaled;
}
