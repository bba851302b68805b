import { intAttribute, readInt } from "../onnx/attributes.ts";
import { DATA_TYPE } from "../onnx/data-type.ts";
import type { Graph } from "../onnx/graph.ts";
import type { NodeProto } from "../onnx/proto.ts";
import { createTensor, elementCount, readFloatTensor, tensorDims } from "../onnx/tensor.ts";
import { MAX_WEIGHT_CODE } from "./weight-codes.ts";

/** Smaller tables (positions, token types) cost little as they are. */
const MIN_TABLE_ELEMENTS = 500_000;

/** Whether a node looks rows up in a constant float matrix that is large enough to be worth it. */
export function isEmbeddingLookup(graph: Graph, node: NodeProto): boolean {
  const table = graph.constant(node.input[0] ?? "");
  if (node.opType !== "Gather" || table?.dataType !== DATA_TYPE.float || readInt(node, "axis", 0) !== 0) {
    return false;
  }
  const dims = tensorDims(table);
  return dims.length === 2 && elementCount(dims) >= MIN_TABLE_ELEMENTS;
}

/**
 * Replaces all lookups of one table by lookups of int8 rows and of their steps: row = codes * step, where the row's largest
 * magnitude maps to 127. A row of zeros gets step 0.
 */
export function quantizeEmbeddingTable(graph: Graph, tableName: string, lookups: readonly NodeProto[]): void {
  const table = graph.constant(tableName);
  if (table === undefined) {
    throw new RangeError(`"${tableName}" is no constant of the graph`);
  }
  const { dims, data } = readFloatTensor(table);
  const [rows = 0, width = 0] = dims;
  const quantized = quantizeRows(data, rows, width);
  const codes = createTensor(graph.uniqueName(`${tableName}_codes`), "int8", [rows, width], quantized.codes);
  const steps = createTensor(graph.uniqueName(`${tableName}_steps`), "float", [rows, 1], quantized.steps);
  graph.addInitializer(codes);
  graph.addInitializer(steps);
  for (const node of lookups) {
    replaceLookup(graph, node, { codes: codes.name, steps: steps.name });
  }
}

function replaceLookup(graph: Graph, node: NodeProto, table: { readonly codes: string; readonly steps: string }): void {
  const [, ids = ""] = node.input;
  const [output = ""] = node.output;
  const [codes, floats, steps] = ["codes", "floats", "steps"].map((suffix) => graph.uniqueName(`${output}_${suffix}`));
  if (codes === undefined || floats === undefined || steps === undefined) {
    throw new RangeError("three names were asked for");
  }
  graph.removeNode(node);
  graph.addNode({ opType: "Gather", inputs: [table.codes, ids], outputs: [codes] });
  const toFloat = [intAttribute("to", DATA_TYPE.float)];
  graph.addNode({ opType: "Cast", inputs: [codes], outputs: [floats], attributes: toFloat });
  graph.addNode({ opType: "Gather", inputs: [table.steps, ids], outputs: [steps] });
  graph.addNode({ opType: "Mul", inputs: [floats, steps], outputs: [output] });
}

/** Rows of a table (rows, width) as int8 codes with a step each: the largest magnitude is 127 steps. A row of zeros gets step 0. */
export function quantizeRows(
  data: Float32Array,
  rows: number,
  width: number,
): { codes: Int8Array; steps: Float32Array } {
  const codes = new Int8Array(data.length);
  const steps = new Float32Array(rows);
  for (let row = 0; row < rows; row += 1) {
    const base = row * width;
    let largest = 0;
    for (let column = 0; column < width; column += 1) {
      largest = Math.max(largest, Math.abs(data[base + column] ?? 0));
    }
    const step = largest / MAX_WEIGHT_CODE;
    steps[row] = step;
    const divisor = step > 0 ? step : 1;
    for (let column = 0; column < width; column += 1) {
      codes[base + column] = Math.round((data[base + column] ?? 0) / divisor);
    }
  }
  return { codes, steps };
}
