import { createModelProto, createNodeProto, encodeModelProto } from "../../training/onnx/codec.ts";
import { createTensor } from "../../training/onnx/tensor.ts";

const TINY_VOCABULARY = 14;
export const TINY_DIMS = 32;

const INT64 = 7;
const FLOAT = 1;

/**
 * An ONNX encoder without attention: the hidden state of a token is its row of a fixed table, so an embedding can be
 * worked out by hand. Inputs `input_ids` and `attention_mask` (not used), output `states`, and
 * what further outputs are named, which are the same.
 */
export function tinyOnnxModel(furtherOutputs: readonly string[] = []): Uint8Array<ArrayBuffer> {
  const outputs = ["states", ...furtherOutputs];
  const model = createModelProto({
    irVersion: 8,
    opsetImport: [{ domain: "", version: 14 }],
    graph: {
      name: "tiny",
      node: outputs.map((name) => createNodeProto({ opType: "Gather", input: ["table", "input_ids"], output: [name] })),
      initializer: [createTensor("table", "float", [TINY_VOCABULARY, TINY_DIMS], tinyTable())],
      input: ["input_ids", "attention_mask"].map((name) => valueInfo(name, INT64, ["batch", "sequence"])),
      output: outputs.map((name) => valueInfo(name, FLOAT, ["batch", "sequence", TINY_DIMS])),
    },
  });
  return new Uint8Array(encodeModelProto(model));
}

/** Row-major (vocabulary, dims). */
export function tinyTable(): Float32Array {
  return Float32Array.from({ length: TINY_VOCABULARY * TINY_DIMS }, (_, i) => Math.sin(i + 1));
}

function valueInfo(name: string, elemType: number, shape: readonly (string | number)[]): Record<string, unknown> {
  const dim = shape.map((size) => (typeof size === "string" ? { dimParam: size } : { dimValue: size }));
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}
