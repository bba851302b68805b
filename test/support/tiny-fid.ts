import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { intAttribute, intsAttribute } from "../../training/onnx/attributes.ts";
import { DATA_TYPE } from "../../training/onnx/data-type.ts";
import type { ModelProto } from "../../training/onnx/proto.ts";
import { createInt64List, createTensor } from "../../training/onnx/tensor.ts";
import { encodeModel } from "../../training/onnx/writer.ts";
import { graphModel, wave } from "./onnx-graph.ts";
import { tinyLmTokenizerJson } from "./tiny-lm.ts";

const VOCABULARY = 36;
const HIDDEN = 4;
const HEADS = 2;
const HEAD_SIZE = HIDDEN / HEADS;

const WEIGHTS = {
  embedding: wave(VOCABULARY * HIDDEN),
  query: wave(HIDDEN * HIDDEN, 1),
  key: wave(HIDDEN * HIDDEN, 2),
  value: wave(HIDDEN * HIDDEN, 3),
};

/**
 * A decoder of one layer with a self-attention and a cross-attention, the ways exporters write them: shapes by Reshape and
 * Transpose, an additive mask, a scale of 1. `keysFrom` is what the cross-attention's keys are made of.
 */
export function tinyFidDecoder(keysFrom: "encoder_hidden_states" | "states" = "encoder_hidden_states"): ModelProto {
  const split = (value: string, output: string) =>
    [
      ["Reshape", [value, "heads_shape"], [`${output}_heads`]],
      ["Transpose", [`${output}_heads`], [output], [intsAttribute("perm", [0, 2, 1, 3])]],
    ] as const;
  return graphModel({
    inputs: {
      encoder_attention_mask: DATA_TYPE.int64,
      input_ids: DATA_TYPE.int64,
      encoder_hidden_states: DATA_TYPE.float,
    },
    nodes: [
      ["Gather", ["embedding", "input_ids"], ["states"]],
      // self-attention, which is not to be taken for the other
      ["MatMul", ["states", "key"], ["self_key"]],
      ["Transpose", ["self_key"], ["self_key_t"], [intsAttribute("perm", [0, 2, 1])]],
      ["MatMul", ["states", "self_key_t"], ["self_logits"]],
      ["Softmax", ["self_logits"], ["self_probabilities"]],
      ["MatMul", ["self_probabilities", "states"], ["after_self"]],
      ["MatMul", ["after_self", "query"], ["q"]],
      ...split("q", "q_split"),
      ["MatMul", [keysFrom, "key"], ["k"]],
      ...split("k", "k_split"),
      ["Transpose", ["k_split"], ["k_t"], [intsAttribute("perm", [0, 1, 3, 2])]],
      ["MatMul", ["q_split", "k_t"], ["cross_logits"]],
      ["Mul", ["cross_logits", "one"], ["scaled"]],
      ["Cast", ["encoder_attention_mask"], ["mask"], [intAttribute("to", DATA_TYPE.float)]],
      ["Sub", ["mask", "one"], ["minus"]],
      ["Mul", ["minus", "large"], ["bias"]],
      ["Add", ["scaled", "bias"], ["masked"]],
      ["Softmax", ["masked"], ["cross_probabilities"]],
      ["MatMul", ["encoder_hidden_states", "value"], ["v"]],
      ...split("v", "v_split"),
      ["MatMul", ["cross_probabilities", "v_split"], ["logits"]],
    ],
    initializers: [
      createTensor("embedding", "float", [VOCABULARY, HIDDEN], WEIGHTS.embedding),
      createTensor("query", "float", [HIDDEN, HIDDEN], WEIGHTS.query),
      createTensor("key", "float", [HIDDEN, HIDDEN], WEIGHTS.key),
      createTensor("value", "float", [HIDDEN, HIDDEN], WEIGHTS.value),
      createTensor("one", "float", [], Float32Array.of(1)),
      createTensor("large", "float", [], Float32Array.of(1e9)),
      createInt64List("heads_shape", [0, -1, HEADS, HEAD_SIZE]),
    ],
    outputs: ["logits"],
  });
}

/** Writes both halves, whose encoder is a table of embeddings, and a tokeniser into a folder. */
export async function writeTinyFid(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const encoder = graphModel({
    inputs: { input_ids: DATA_TYPE.int64, attention_mask: DATA_TYPE.int64 },
    nodes: [["Gather", ["embedding", "input_ids"], ["last_hidden_state"]]],
    initializers: [createTensor("embedding", "float", [VOCABULARY, HIDDEN], WEIGHTS.embedding)],
    outputs: ["last_hidden_state"],
  });
  await writeFile(path.join(folder, "encoder_model.onnx"), encodeModel(encoder));
  await writeFile(path.join(folder, "decoder_model.onnx"), encodeModel(tinyFidDecoder()));
  await writeFile(path.join(folder, "tokenizer.json"), JSON.stringify(tinyLmTokenizerJson()));
  await writeFile(path.join(folder, "config.json"), JSON.stringify({ decoder_start_token_id: 5, eos_token_id: 7 }));
}

/** `q . k` by head and token of one segment, and the norm of each value, worked out directly: [head][token]. */
export function tinyFidReference(ids: readonly number[]): {
  readonly logits: readonly (readonly number[])[];
  readonly norms: readonly (readonly number[])[];
} {
  const embed = (token: number): number[] =>
    Array.from(WEIGHTS.embedding.subarray(token * HIDDEN, (token + 1) * HIDDEN));
  const query = times(embed(5), WEIGHTS.query); // self-attention over one token returns it
  const ofHead = (vector: readonly number[], head: number): number[] =>
    vector.slice(head * HEAD_SIZE, (head + 1) * HEAD_SIZE);
  const dot = (a: readonly number[], b: readonly number[]): number =>
    a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
  const heads = Array.from({ length: HEADS }, (_, head) => head);
  return {
    logits: heads.map((head) => ids.map((id) => dot(ofHead(query, head), ofHead(times(embed(id), WEIGHTS.key), head)))),
    norms: heads.map((head) => ids.map((id) => Math.hypot(...ofHead(times(embed(id), WEIGHTS.value), head)))),
  };
}

function times(vector: readonly number[], matrix: Float32Array): number[] {
  return vector.map((_, column) =>
    vector.reduce((sum, value, row) => sum + value * (matrix[row * vector.length + column] ?? 0), 0),
  );
}
