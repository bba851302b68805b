import { floatAttribute, intAttribute, intsAttribute, stringAttribute } from "./attributes.ts";
import { DATA_TYPE } from "./data-type.ts";
import type { DataTypeName, TensorData } from "./data-type.ts";
import type { Graph } from "./graph.ts";
import type { AttributeProto } from "./proto.ts";
import { createTensor } from "./tensor.ts";

/** Operators of onnxruntime itself, such as `FusedMatMul`; `openSession` of a model that has them declares the domain. */
export const MICROSOFT_DOMAIN = "com.microsoft";

export interface GraphBuilderOptions {
  /** Element type of `scalar` and of the values that are computed with it. Default float; tests use double. */
  readonly floatType?: "float" | "double";
  /** Put before the names of values: `"loss/"`. Default none. */
  readonly prefix?: string;
}

export interface OpOptions {
  readonly attributes?: readonly AttributeProto[];
  /** Default 1. */
  readonly outputs?: number;
  /** Operator set; default the ONNX one. */
  readonly domain?: string;
}

export interface MatMulOptions {
  /** Swap the last two axes of the left factor. */
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** Factor of the product. Default 1. */
  readonly alpha?: number;
}

/**
 * Writes nodes into a graph, in the terms a formula is written in. Every method takes names of values and returns the name
 * of the value it made; nothing is computed here. Operators have the semantics of ONNX (NumPy broadcasting) at operator
 * set 20 and later, which is what training graphs are raised to (see `upgradeOpset`).
 *
 * @example
 *   // mean over queries of −log softmax(scores / temperature)[query, own positive]
 *   const build = new GraphBuilder(graph);
 *   const scores = build.matMul("queries", "passages", { transposeB: true });
 *   const logProbabilities = build.logSoftmax(build.div(scores, build.scalar(0.05)), -1);
 *   const loss = build.neg(build.reduceMean(build.mul(logProbabilities, "is_positive"), [0, 1], { keepDims: false }));
 */
export class GraphBuilder {
  readonly graph: Graph;
  readonly floatType: "float" | "double";
  readonly #prefix: string;
  readonly #constants = new Map<string, string>();

  constructor(graph: Graph, { floatType = "float", prefix = "" }: GraphBuilderOptions = {}) {
    this.graph = graph;
    this.floatType = floatType;
    this.#prefix = prefix;
  }

  /** A node with one output; the value it makes. An empty input name leaves an optional input out. */
  op(opType: string, inputs: readonly string[], attributes: readonly AttributeProto[] = []): string {
    const [output = ""] = this.ops(opType, inputs, { attributes });
    return output;
  }

  /** A node with several outputs, or of another operator set. */
  ops(opType: string, inputs: readonly string[], options: OpOptions = {}): readonly string[] {
    const { attributes = [], outputs: count = 1, domain = "" } = options;
    const base = `${this.#prefix}${opType.toLowerCase()}`;
    const outputs = Array.from({ length: count }, () => this.graph.uniqueName(base));
    this.graph.addNode({ opType, inputs, outputs, attributes, domain });
    return outputs;
  }

  /** A constant; equal ones are stored once. */
  tensor(dataType: DataTypeName, dims: readonly number[], data: TensorData): string {
    const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64");
    const key = `${dataType}[${dims.join(",")}]${bytes}`;
    let name = this.#constants.get(key);
    if (name === undefined || this.graph.initializer(name) === undefined) {
      // New, or removed from the graph when nothing read it.
      name ??= this.graph.uniqueName(`${this.#prefix}constant`);
      this.graph.addInitializer(createTensor(name, dataType, dims, data));
      this.#constants.set(key, name);
    }
    return name;
  }

  /** A scalar of the builder's float type. */
  scalar(value: number): string {
    const data = this.floatType === "float" ? Float32Array.of(value) : Float64Array.of(value);
    return this.tensor(this.floatType, [], data);
  }

  /** A list of int64: a shape, axes, indices. */
  int64s(values: readonly number[]): string {
    return this.tensor("int64", [values.length], BigInt64Array.from(values, BigInt));
  }

  int64(value: number): string {
    return this.tensor("int64", [], BigInt64Array.of(BigInt(value)));
  }

  /** Declares a graph input that `run` will feed; symbolic dimensions are strings. Default type: the builder's float. */
  input(name: string, dims: readonly (number | string)[], dataType: DataTypeName = this.floatType): string {
    this.graph.addInput({ name, dataType, dims });
    return name;
  }

  add(a: string, b: string): string {
    return this.op("Add", [a, b]);
  }

  sub(a: string, b: string): string {
    return this.op("Sub", [a, b]);
  }

  mul(a: string, b: string): string {
    return this.op("Mul", [a, b]);
  }

  div(a: string, b: string): string {
    return this.op("Div", [a, b]);
  }

  neg(x: string): string {
    return this.op("Neg", [x]);
  }

  exp(x: string): string {
    return this.op("Exp", [x]);
  }

  /** Natural logarithm. */
  log(x: string): string {
    return this.op("Log", [x]);
  }

  sqrt(x: string): string {
    return this.op("Sqrt", [x]);
  }

  /**
   * Matrix product over the last two axes, earlier axes broadcast. Transposed factors of float are read in place
   * (`FusedMatMul` of onnxruntime) and need at least two axes.
   */
  matMul(a: string, b: string, { transposeA = false, transposeB = false, alpha = 1 }: MatMulOptions = {}): string {
    if (!transposeA && !transposeB && alpha === 1) {
      return this.op("MatMul", [a, b]);
    }
    if (this.floatType === "double") {
      // FusedMatMul has no kernel for double.
      const equation = `...${transposeA ? "ki" : "ik"},...${transposeB ? "jk" : "kj"}->...ij`;
      return this.mul(this.op("Einsum", [a, b], [stringAttribute("equation", equation)]), this.scalar(alpha));
    }
    const attributes = [
      intAttribute("transA", Number(transposeA)),
      intAttribute("transB", Number(transposeB)),
      floatAttribute("alpha", alpha),
    ];
    const [product = ""] = this.ops("FusedMatMul", [a, b], { attributes, domain: MICROSOFT_DOMAIN });
    return product;
  }

  /** Sum over axes (negative ones count from the end), which stay as axes of size 1 by default. No axes: the value as it is. */
  reduceSum(x: string, axes: readonly number[], options: ReduceOptions = {}): string {
    return this.#reduce("ReduceSum", x, axes, options);
  }

  /** See `reduceSum`. */
  reduceMean(x: string, axes: readonly number[], options: ReduceOptions = {}): string {
    return this.#reduce("ReduceMean", x, axes, options);
  }

  /** See `reduceSum`. */
  reduceMax(x: string, axes: readonly number[], options: ReduceOptions = {}): string {
    return this.#reduce("ReduceMax", x, axes, options);
  }

  /** log Σ exp over axes, without overflow. See `reduceSum`. */
  reduceLogSumExp(x: string, axes: readonly number[], options: ReduceOptions = {}): string {
    return this.#reduce("ReduceLogSumExp", x, axes, options);
  }

  softmax(x: string, axis: number): string {
    return this.op("Softmax", [x], [intAttribute("axis", axis)]);
  }

  logSoftmax(x: string, axis: number): string {
    return this.op("LogSoftmax", [x], [intAttribute("axis", axis)]);
  }

  /** To fixed dimensions (0 keeps the input's, -1 is what is left over), or to a shape computed in the graph. */
  reshape(x: string, shape: readonly number[] | string): string {
    return this.op("Reshape", [x, typeof shape === "string" ? shape : this.int64s(shape)]);
  }

  transpose(x: string, permutation: readonly number[]): string {
    return this.op("Transpose", [x], [intsAttribute("perm", permutation)]);
  }

  unsqueeze(x: string, axes: readonly number[]): string {
    return this.op("Unsqueeze", [x, this.int64s(axes)]);
  }

  squeeze(x: string, axes: readonly number[]): string {
    return this.op("Squeeze", [x, this.int64s(axes)]);
  }

  /** Slices of `x` along `axis` (default 0) by integer indices of any shape. */
  gather(x: string, indices: string, axis = 0): string {
    return this.op("Gather", [x, indices], [intAttribute("axis", axis)]);
  }

  /** Rows start..end of one axis; negative positions count from the end, and Infinity is the end. */
  slice(x: string, axis: number, start: number, end = Infinity): string {
    const stop = Math.min(end, 2 ** 31 - 1);
    return this.op("Slice", [x, this.int64s([start]), this.int64s([stop]), this.int64s([axis])]);
  }

  concat(values: readonly string[], axis: number): string {
    return this.op("Concat", values, [intAttribute("axis", axis)]);
  }

  /** `a` where the boolean condition holds, else `b`; all three broadcast. */
  where(condition: string, a: string, b: string): string {
    return this.op("Where", [condition, a, b]);
  }

  /** Element type changed; default to the builder's float type. */
  cast(x: string, dataType: DataTypeName = this.floatType): string {
    return this.op("Cast", [x], [intAttribute("to", DATA_TYPE[dataType])]);
  }

  /** The shape as a list of int64. */
  shape(x: string): string {
    return this.op("Shape", [x]);
  }

  /** Broadcast to a shape computed in the graph. */
  expand(x: string, shape: string): string {
    return this.op("Expand", [x, shape]);
  }

  #reduce(opType: string, x: string, axes: readonly number[], { keepDims = true }: ReduceOptions): string {
    if (axes.length === 0) {
      return x;
    }
    return this.op(opType, [x, this.int64s(axes)], [intAttribute("keepdims", Number(keepDims))]);
  }
}

interface ReduceOptions {
  /** Default true. */
  readonly keepDims?: boolean;
}
