/** A product with constant weights, and its bias. */
export interface BertProduct {
  /** Name of the value that it reads: the key of its calibration statistics. */
  readonly input: string;
  readonly inputs: number;
  readonly outputs: number;
  /** (inputs, outputs), row-major. */
  readonly weights: Float32Array;
  readonly bias: Float32Array;
}

export interface BertNorm {
  readonly gamma: Float32Array;
  readonly beta: Float32Array;
}

export interface BertLayer {
  readonly query: BertProduct;
  readonly key: BertProduct;
  readonly value: BertProduct;
  readonly attentionOutput: BertProduct;
  readonly attentionNorm: BertNorm;
  readonly up: BertProduct;
  readonly down: BertProduct;
  readonly outputNorm: BertNorm;
}

/** The float32 weights of a BERT encoder, however its graph was written. */
export interface BertWeights {
  readonly hidden: number;
  readonly heads: number;
  readonly epsilon: number;
  /** (vocabulary, hidden). */
  readonly words: Float32Array;
  /** (positions, hidden), the embedding of token type 0 added. */
  readonly positions: Float32Array;
  readonly embeddingNorm: BertNorm;
  readonly layers: readonly BertLayer[];
}
