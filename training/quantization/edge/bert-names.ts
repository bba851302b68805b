/** Names of a family's weights in Hugging Face's models, which exporters keep; `#` is the layer's number. */
interface BertNames {
  readonly words: string;
  readonly positions: string;
  /** Undefined where the family has none. */
  readonly tokenTypes: string | undefined;
  readonly embeddingNorm: string;
  /** Products, by the module that has the bias. */
  readonly query: string;
  readonly key: string;
  readonly value: string;
  readonly attentionOutput: string;
  readonly attentionNorm: string;
  readonly up: string;
  readonly down: string;
  readonly outputNorm: string;
}

/** Families that the engine runs: they compute the same and call it differently. A further one is an entry here. */
export const BERT_FAMILIES = {
  bert: {
    words: "embeddings.word_embeddings.weight",
    positions: "embeddings.position_embeddings.weight",
    tokenTypes: "embeddings.token_type_embeddings.weight",
    embeddingNorm: "embeddings.LayerNorm",
    query: "encoder.layer.#.attention.self.query",
    key: "encoder.layer.#.attention.self.key",
    value: "encoder.layer.#.attention.self.value",
    attentionOutput: "encoder.layer.#.attention.output.dense",
    attentionNorm: "encoder.layer.#.attention.output.LayerNorm",
    up: "encoder.layer.#.intermediate.dense",
    down: "encoder.layer.#.output.dense",
    outputNorm: "encoder.layer.#.output.LayerNorm",
  },
  distilbert: {
    words: "embeddings.word_embeddings.weight",
    positions: "embeddings.position_embeddings.weight",
    tokenTypes: undefined,
    embeddingNorm: "embeddings.LayerNorm",
    query: "transformer.layer.#.attention.q_lin",
    key: "transformer.layer.#.attention.k_lin",
    value: "transformer.layer.#.attention.v_lin",
    attentionOutput: "transformer.layer.#.attention.out_lin",
    attentionNorm: "transformer.layer.#.sa_layer_norm",
    up: "transformer.layer.#.ffn.lin1",
    down: "transformer.layer.#.ffn.lin2",
    outputNorm: "transformer.layer.#.output_layer_norm",
  },
} as const satisfies Record<string, BertNames>;
