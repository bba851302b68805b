import { AppError } from "../../src/shared/errors.ts";
import { int64ToNumber } from "../onnx/codec.ts";
import { Graph } from "../onnx/graph.ts";
import type { ModelProto, NodeProto } from "../onnx/proto.ts";
import type { InputScheme, InputTerms } from "./input-scheme.ts";
import type { StatisticsByValue } from "./input-statistics.ts";
import type { MatrixProduct } from "./matrix-product.ts";
import { isEmbeddingLookup, quantizeEmbeddingTable } from "./quantize-embedding-table.ts";
import { quantizeMatrixProducts } from "./quantize-matrix-products.ts";
import { MATRIX_PRODUCT_READERS } from "./registry.ts";

export interface QuantizeModelOptions {
  /** The one output that is kept; what only others need is dropped. */
  readonly output: string;
  /** What calibration saw; empty: weights are rounded to nearest and inputs are symmetric. */
  readonly statistics: StatisticsByValue;
  /** Default 2. */
  readonly terms?: InputTerms;
  /** Called after each quantised value. */
  readonly onProgress?: (done: number, total: number) => void;
}

/** What was done to a model. */
export interface QuantizedModel {
  readonly matrixProducts: number;
  readonly embeddingTables: number;
  /** Scheme of each quantised value. */
  readonly schemes: ReadonlyMap<string, InputScheme>;
}

/** MatMulInteger came with 10, negative axes with 11. */
const MIN_OPSET = 11;
/** The newest whose operators are known to be as they were. */
const MAX_OPSET = 23;

/**
 * Quantises a model in place: matrix products with constant weights to int8, embedding tables to int8 rows, all else as it
 * was. Throws AppError `invalid_artifact` when the operator set is not supported, or there is nothing to quantise.
 */
export function quantizeModel(
  model: ModelProto,
  { output, statistics, terms = 2, onProgress }: QuantizeModelOptions,
): QuantizedModel {
  const opset = checkOpset(model);
  const graph = trimToOutput(model, output);
  const groups = groupByInput(matrixProducts(graph));
  const tables = Map.groupBy(
    graph.nodes.filter((node) => isEmbeddingLookup(graph, node)),
    (node) => node.input[0] ?? "",
  );
  if (groups.size === 0) {
    throw new AppError("invalid_artifact", "the model has no matrix product with constant float weights");
  }
  const schemes = new Map<string, InputScheme>();
  for (const [value, products] of groups) {
    schemes.set(value, quantizeMatrixProducts({ graph, opset, products, statistics: statistics.get(value), terms }));
    onProgress?.(schemes.size, groups.size);
  }
  for (const [table, lookups] of tables) {
    quantizeEmbeddingTable(graph, table, lookups);
  }
  graph.removeDead();
  graph.commit();
  const products = [...groups.values()].flat();
  return { matrixProducts: products.length, embeddingTables: tables.size, schemes };
}

/** Values that feed the matrix products that `quantizeModel` will replace: what calibration has to watch, with widths. */
export function quantizableInputs(model: ModelProto, output: string): ReadonlyMap<string, number> {
  const graph = trimToOutput(model, output);
  return new Map(matrixProducts(graph).map(({ input, inputs }) => [input, inputs]));
}

/** The model's graph with the one output, and only what it needs. Throws AppError `invalid_artifact` when there is no such output. */
export function trimToOutput(model: ModelProto, output: string): Graph {
  const kept = model.graph.output.filter(({ name }) => name === output);
  if (kept.length === 0) {
    const names = model.graph.output.map(({ name }) => name).join(", ");
    throw new AppError("invalid_artifact", `the graph has no output "${output}"; it has ${names}`);
  }
  model.graph.output = kept;
  const graph = new Graph(model.graph);
  graph.removeDead();
  return graph;
}

/** The products with constant float weights, in the graph's order. */
export function matrixProducts(graph: Graph): MatrixProduct[] {
  return graph.nodes.flatMap((node) => readProduct(graph, node) ?? []);
}

function readProduct(graph: Graph, node: NodeProto): MatrixProduct | undefined {
  // Other operator sets may use the same names for other things.
  return node.domain === "" ? MATRIX_PRODUCT_READERS[node.opType]?.(graph, node) : undefined;
}

function groupByInput(products: readonly MatrixProduct[]): Map<string, [MatrixProduct, ...MatrixProduct[]]> {
  const groups = new Map<string, [MatrixProduct, ...MatrixProduct[]]>();
  for (const product of products) {
    const group = groups.get(product.input);
    if (group === undefined) {
      groups.set(product.input, [product]);
    } else {
      group.push(product);
    }
  }
  return groups;
}

function checkOpset(model: ModelProto): number {
  const opset = model.opsetImport.find(({ domain }) => domain === "" || domain === "ai.onnx");
  const version = opset === undefined ? 0 : int64ToNumber(opset.version);
  if (version < MIN_OPSET || version > MAX_OPSET) {
    throw new AppError(
      "invalid_artifact",
      `the model uses ONNX operator set ${version}; ${MIN_OPSET} to ${MAX_OPSET} are supported`,
    );
  }
  return version;
}
