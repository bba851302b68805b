/** Protobuf refuses messages of 2 GiB and more, so a larger file is no ONNX model. */
export const MAX_MODEL_BYTES = 2 ** 31 - 1;

/** Names go into error texts and maps; real exporters stay below 300. */
export const MAX_NAME_LENGTH = 4096;

/** Real tensors have at most 8 axes; onnxruntime's own limit for broadcasting loops is near. */
export const MAX_TENSOR_RANK = 16;

/** A model of 100 layers has some ten thousand nodes; beyond this a file is hostile or not for us. */
export const MAX_NODES = 1_000_000;

/** Subgraphs (If, Loop) nested in one another. */
export const MAX_GRAPH_DEPTH = 16;
