import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { intAttribute } from "../../training/onnx/attributes.ts";
import { createModelProto, createNodeProto, encodeModelProto } from "../../training/onnx/codec.ts";
import { DATA_TYPE } from "../../training/onnx/data-type.ts";
import { createTensor } from "../../training/onnx/tensor.ts";
import { wave } from "./onnx-graph.ts";

const MARKS = ["<|im_start|>", "<|im_end|>"];
/** A token a character, then the marks of its chat template. */
const TOKENS = ["abcdefghijklmnopqrstuvwxyzKQA: .?\n".split(""), MARKS].flat();
const HIDDEN = 8;
const EMBEDDING = wave(TOKENS.length * HIDDEN);
const OUTPUT = wave(HIDDEN * TOKENS.length, 2);

export type TinyLmLayout = "scorer" | "optimum" | "transformers.js";

/**
 * A causal LM whose next-token logits depend on the last token alone: `embedding[token] . output`. Its layouts differ in what
 * they want to be fed, never in what they say, so `tinyLogProb` is the truth for all of them.
 */
export function tinyLmModel(layout: TinyLmLayout): Uint8Array<ArrayBuffer> {
  const inputs: [string, number, (string | number)[]][] = [["input_ids", DATA_TYPE.int64, ["batch", "sequence"]]];
  if (layout === "scorer") {
    inputs.push(["positions", DATA_TYPE.int64, ["answer"]]);
  } else {
    inputs.push(["attention_mask", DATA_TYPE.int64, ["batch", "total"]]);
  }
  if (layout === "transformers.js") {
    inputs.push(
      ["position_ids", DATA_TYPE.int64, ["batch", "sequence"]],
      ["past_key_values.0.key", DATA_TYPE.float, ["batch", 2, "past", 4]],
      ["past_key_values.0.value", DATA_TYPE.float, ["batch", 2, "past", 4]],
    );
  }
  const hidden = layout === "scorer" ? "picked" : "hidden";
  const model = createModelProto({
    irVersion: 8,
    opsetImport: [{ domain: "", version: 14 }],
    graph: {
      name: "tiny-lm",
      node: [
        createNodeProto({ opType: "Gather", input: ["embedding", "input_ids"], output: ["hidden"] }),
        ...(layout === "scorer"
          ? [
              createNodeProto({
                opType: "Gather",
                input: ["hidden", "positions"],
                output: ["picked"],
                attribute: [intAttribute("axis", 1)],
              }),
            ]
          : []),
        createNodeProto({ opType: "MatMul", input: [hidden, "output"], output: ["product"] }),
        createNodeProto({ opType: "Mul", input: ["product", "sharpness"], output: ["logits"] }),
      ],
      initializer: [
        createTensor("embedding", "float", [TOKENS.length, HIDDEN], EMBEDDING),
        createTensor("output", "float", [HIDDEN, TOKENS.length], OUTPUT),
        createTensor("sharpness", "float", [], Float32Array.of(3)),
      ],
      input: inputs.map(([name, elemType, shape]) => valueInfo(name, elemType, shape)),
      output: [valueInfo("logits", DATA_TYPE.float, ["batch", "rows", TOKENS.length])],
    },
  });
  return new Uint8Array(encodeModelProto(model));
}

/** The truth of `tinyLmModel`, worked out directly: log p(next | last), in nats. */
export function tinyLogProb(last: string, next: string): number {
  const logits = TOKENS.map((_, token) => {
    let dot = 0;
    for (let k = 0; k < HIDDEN; k += 1) {
      dot += (EMBEDDING[TOKENS.indexOf(last) * HIDDEN + k] ?? 0) * (OUTPUT[k * TOKENS.length + token] ?? 0);
    }
    return 3 * dot;
  });
  const sum = logits.reduce((total, logit) => total + Math.exp(logit), 0);
  return (logits[TOKENS.indexOf(next)] ?? Number.NaN) - Math.log(sum);
}

/** Writes model, tokeniser and chat template of a tiny LM into a folder. */
export async function writeTinyLm(folder: string, layout: TinyLmLayout): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(path.join(folder, "model.onnx"), tinyLmModel(layout));
  await writeFile(path.join(folder, "tokenizer.json"), JSON.stringify(tinyLmTokenizerJson()));
  await writeFile(
    path.join(folder, "tokenizer_config.json"),
    JSON.stringify({
      bos_token: "<|im_start|>",
      eos_token: { content: "<|im_end|>" },
      chat_template:
        "{% for message in messages %}{{ bos_token + message['content'] + '<|im_end|>' }}{% endfor %}{% if add_generation_prompt %}{{ 'A:' }}{% endif %}",
    }),
  );
}

export function tinyLmTokenizerJson(): Record<string, unknown> {
  return {
    version: "1.0",
    truncation: null,
    padding: null,
    added_tokens: MARKS.map((content) => ({
      id: TOKENS.indexOf(content),
      content,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
      special: true,
    })),
    normalizer: null,
    pre_tokenizer: null,
    post_processor: null,
    decoder: { type: "Fuse" },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      vocab: Object.fromEntries(TOKENS.map((token, id) => [token, id])),
      merges: [],
    },
  };
}

function valueInfo(name: string, elemType: number, shape: readonly (string | number)[]): Record<string, unknown> {
  const dim = shape.map((size) => (typeof size === "string" ? { dimParam: size } : { dimValue: size }));
  return { name, type: { tensorType: { elemType, shape: { dim } } } };
}
