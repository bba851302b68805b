import { readFloat, readInt } from "../onnx/attributes.ts";
import { DATA_TYPE } from "../onnx/data-type.ts";
import type { Graph } from "../onnx/graph.ts";
import type { NodeProto } from "../onnx/proto.ts";
import { readFloatTensor } from "../onnx/tensor.ts";

/** A matrix product with constant weights, whatever operator it was written as: output = input · weights + bias. */
export interface MatrixProduct {
  readonly node: NodeProto;
  /** Value of shape (..., inputs). */
  readonly input: string;
  /** Of the constant, for the names of what replaces it. */
  readonly weightName: string;
  /** (inputs, outputs), row-major. */
  readonly weights: Float32Array;
  readonly inputs: number;
  readonly outputs: number;
  readonly bias: { readonly value: string; readonly factor: number } | undefined;
}

/** Operator type -> how to read it. A new operator is a function here and a line in `registry.ts`. */
export type MatrixProductReader = (graph: Graph, node: NodeProto) => MatrixProduct | undefined;

/** `MatMul(x, W)`; undefined when W is no constant float matrix. */
export function readMatMul(graph: Graph, node: NodeProto): MatrixProduct | undefined {
  const [input = "", weightName = ""] = node.input;
  const matrix = constantMatrix(graph, weightName);
  if (matrix === undefined) {
    return undefined;
  }
  const { data, rows, columns } = matrix;
  return { node, input, weightName, weights: data, inputs: rows, outputs: columns, bias: undefined };
}

/** `Gemm`: alpha * A B + beta * C; alpha goes into the weights. Undefined when B is no constant float matrix or A is transposed. */
export function readGemm(graph: Graph, node: NodeProto): MatrixProduct | undefined {
  const [input = "", weightName = "", bias = ""] = node.input;
  const matrix = constantMatrix(graph, weightName);
  if (matrix === undefined || readInt(node, "transA", 0) !== 0) {
    return undefined;
  }
  const isTransposed = readInt(node, "transB", 0) !== 0;
  const { data, rows, columns } = isTransposed ? transpose(matrix) : matrix;
  const alpha = readFloat(node, "alpha", 1);
  return {
    node,
    input,
    weightName,
    weights: alpha === 1 ? data : data.map((weight) => weight * alpha),
    inputs: rows,
    outputs: columns,
    bias: bias === "" ? undefined : { value: bias, factor: readFloat(node, "beta", 1) },
  };
}

interface Matrix {
  readonly data: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

function constantMatrix(graph: Graph, name: string): Matrix | undefined {
  const constant = graph.constant(name);
  if (constant?.dataType !== DATA_TYPE.float) {
    return undefined;
  }
  const { dims, data } = readFloatTensor(constant);
  const [rows, columns] = dims;
  return dims.length === 2 && rows !== undefined && columns !== undefined && data.length > 0
    ? { data, rows, columns }
    : undefined;
}

function transpose({ data, rows, columns }: Matrix): Matrix {
  const transposed = new Float32Array(data.length);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      transposed[column * rows + row] = data[row * columns + column] ?? 0;
    }
  }
  return { data: transposed, rows: columns, columns: rows };
}
