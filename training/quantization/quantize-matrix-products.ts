import { intAttribute } from "../onnx/attributes.ts";
import { DATA_TYPE } from "../onnx/data-type.ts";
import type { Graph } from "../onnx/graph.ts";
import type { AttributeProto } from "../onnx/proto.ts";
import { createFloatScalar, createTensor } from "../onnx/tensor.ts";
import { roundWithFeedback } from "./feedback-rounding.ts";
import { addInputCodes } from "./input-codes.ts";
import type { InputCodes } from "./input-codes.ts";
import { LARGEST_CODES, chooseInputScheme, symmetricScheme } from "./input-scheme.ts";
import type { InputScheme, InputTerms } from "./input-scheme.ts";
import type { InputStatistics } from "./input-statistics.ts";
import type { MatrixProduct } from "./matrix-product.ts";
import { smoothGram, smoothWeights } from "./smoothing.ts";
import { columnScales, maxPairSum, roundToNearest } from "./weight-codes.ts";
import type { WeightCodes } from "./weight-codes.ts";

export interface QuantizeMatrixProductsOptions {
  readonly graph: Graph;
  /** Version of the ONNX operator set. */
  readonly opset: number;
  /** All read the same input. */
  readonly products: readonly [MatrixProduct, ...MatrixProduct[]];
  /** Of the input; undefined: it is coded symmetrically and weights are rounded to nearest. */
  readonly statistics: InputStatistics | undefined;
  readonly terms: InputTerms;
}

/**
 * Replaces the products that read one value by integer products that share one quantised input. Of each term
 * MatMulInteger(codes, weights) -> Cast -> times its share; their sum times the row's step, times the column's step (plus the
 * bias). Steps are applied after the sum: a product of two scales right after the Cast is what onnxruntime takes for the scales
 * of a whole tensor, and fuses.
 */
export function quantizeMatrixProducts({
  graph,
  opset,
  products,
  statistics,
  terms,
}: QuantizeMatrixProductsOptions): InputScheme {
  const [{ input }] = products;
  const weights = products.map(({ weights, outputs }) => ({ data: weights, outputs }));
  const scheme = statistics === undefined ? symmetricScheme(terms) : chooseInputScheme({ statistics, weights, terms });
  const codes = addInputCodes({ graph, value: input, scheme, opset });
  for (const product of products) {
    replaceProduct({ graph, product, codes, weights: codeWeights(product, scheme, statistics) });
  }
  return scheme;
}

function codeWeights(
  { weights, inputs, outputs }: MatrixProduct,
  { smoothing, terms }: InputScheme,
  statistics: InputStatistics | undefined,
): WeightCodes {
  const smoothed = smoothWeights(weights, outputs, smoothing);
  const grid = { weights: smoothed, outputs, maxPairSum: maxPairSum(LARGEST_CODES[terms]) };
  const scales = columnScales(grid);
  if (statistics === undefined) {
    return roundToNearest(grid, scales);
  }
  return roundWithFeedback({ ...grid, inputs, scales, gram: smoothGram(statistics, smoothing) });
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
  const compute = (
    opType: string,
    operands: readonly string[],
    suffix: string,
    attributes: AttributeProto[] = [],
  ): string => {
    const value = name(output, suffix);
    graph.addNode({ opType, inputs: operands, outputs: [value], attributes });
    return value;
  };
  const toFloat = [intAttribute("to", DATA_TYPE.float)];
  const terms = input.terms.map((term) => {
    const sums = compute("MatMulInteger", [term.codes, codes.name, term.zeroPoint, zeroPoint.name], "sums");
    const floats = compute("Cast", [sums], "floats", toFloat);
    return term.share === 1 ? floats : compute("Mul", [floats, addScalar(graph, output, term.share)], "shares");
  });
  const summed = terms.reduce((sum, term) => compute("Add", [sum, term], "terms"));
  const rows = compute("Mul", [summed, input.steps], "rows");
  const scaled = bias === undefined ? output : name(output, "scaled");
  graph.addNode({ opType: "Mul", inputs: [rows, columnSteps.name], outputs: [scaled] });
  if (bias !== undefined) {
    graph.addNode({ opType: "Add", inputs: [scaled, scaledBias(graph, bias)], outputs: [output] });
  }
}

function scaledBias(graph: Graph, { value, factor }: NonNullable<MatrixProduct["bias"]>): string {
  if (factor === 1) {
    return value;
  }
  const scaled = graph.uniqueName(`${value}_scaled`);
  graph.addNode({ opType: "Mul", inputs: [value, addScalar(graph, value, factor)], outputs: [scaled] });
  return scaled;
}

function addScalar(graph: Graph, value: string, number: number): string {
  const scalar = createFloatScalar(graph.uniqueName(`${value}_factor`), number);
  graph.addInitializer(scalar);
  return scalar.name;
}
