/** A tensor that training changes, in place. */
export interface Parameter {
  /** Unique among the parameters; the initializer's name. */
  readonly name: string;
  readonly dims: readonly number[];
  /** Row-major, as long as the product of `dims`. */
  readonly data: Float32Array;
  /**
   * Where the network uses it, when its name does not say: exporters call weights `onnx::MatMul_123`, and the node that
   * reads it `/encoder/layer.3/attention/self/query/MatMul`.
   */
  readonly path?: string;
}
