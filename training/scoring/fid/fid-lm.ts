import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { z } from "zod";
import { AppError } from "../../../src/shared/errors.ts";
import { sha256File, sha256Hex } from "../../artifacts/meta.ts";
import { refusedModel } from "../../encoder/onnx-graph.ts";
import { readModel } from "../../onnx/reader.ts";
import { encodeModel } from "../../onnx/writer.ts";
import { loadLmTokenizer } from "../lm-tokenizer.ts";
import type { LmTokenizer } from "../lm-tokenizer.ts";
import { attentionScores } from "./attention-scores.ts";
import type { AttentionScores, LayerAttention } from "./attention-scores.ts";
import { ENCODER_STATES, exposeCrossAttention } from "./cross-attention.ts";
import type { CrossAttentionLayer } from "./cross-attention.ts";

/** An encoder/decoder LM read as fusion-in-decoder: segments are encoded apart, the decoder sees them side by side. */
export interface FidLm {
  readonly name: string;
  readonly fingerprint: string;
  /** Undefined for a folder without `tokenizer.json`: its segments are token ids only. */
  readonly tokenizer: LmTokenizer | undefined;
  /** Token that ends a segment. */
  readonly endToken: number;
  /** Attention of the first decoder step to each segment. */
  attend(segments: readonly (readonly number[])[]): Promise<AttentionScores>;
  /** Tokens of all segments so far. */
  tokens(): number;
  close(): Promise<void>;
}

/** T5 starts its decoder with the padding token and ends texts with `</s>`. */
const configSchema = z.looseObject({
  decoder_start_token_id: z.int().nullish(),
  pad_token_id: z.int().nullish(),
  eos_token_id: z.int().nullish(),
});

export interface OpenFidLmOptions {
  readonly threads?: number;
}

/**
 * Opens a T5-family LM in optimum's layout: `encoder_model.onnx`, `decoder_model.onnx` (not the merged or with-past one), and for
 * texts `tokenizer.json`.
 * @throws AppError `invalid_artifact` that says what to supply when a file is missing or of another kind.
 */
export async function openFidLm(folder: string, { threads = 1 }: OpenFidLmOptions = {}): Promise<FidLm> {
  const files = { encoder: path.join(folder, "encoder_model.onnx"), decoder: path.join(folder, "decoder_model.onnx") };
  for (const file of Object.values(files)) {
    if (!existsSync(file)) {
      throw new AppError(
        "invalid_artifact",
        `${file} does not exist. fid-attention needs a trained encoder/decoder LM of the T5 family (Flan-T5, say) in optimum's layout: ` +
          "encoder_model.onnx, decoder_model.onnx, tokenizer.json, config.json, as `optimum-cli export onnx --task text2text-generation` writes them",
      );
    }
  }
  const model = await readModel(files.decoder);
  const layers = exposeCrossAttention(model);
  const encoder = await openSession(files.encoder, files.encoder, threads);
  const decoder = await openSession(encodeModel(model), files.decoder, threads);
  const config = await readConfig(folder);
  const tokenizerFile = path.join(folder, "tokenizer.json");
  const tokenizer = existsSync(tokenizerFile) ? await loadLmTokenizer(tokenizerFile) : undefined;
  const hashed = [files.encoder, files.decoder, ...(tokenizer === undefined ? [] : [tokenizerFile])];
  let tokens = 0;
  return {
    name: path.basename(path.resolve(folder)),
    fingerprint: sha256Hex(JSON.stringify(await Promise.all(hashed.map(sha256File)))),
    tokenizer,
    endToken: config.eos_token_id ?? tokenizer?.idOf("</s>") ?? 1,
    async attend(segments) {
      const states = await encodeSegments(encoder, segments);
      tokens += states.tokens;
      const startToken = config.decoder_start_token_id ?? config.pad_token_id ?? 0;
      const attention = await firstStep({ decoder, layers, states, startToken });
      return attentionScores(
        attention,
        segments.map(({ length }) => length),
      );
    },
    tokens: () => tokens,
    async close() {
      await encoder.release();
      await decoder.release();
    },
  };
}

interface EncodedSegments {
  /** Row-major (tokens of all segments, hidden): what FiD concatenates. */
  readonly states: Float32Array;
  readonly tokens: number;
}

/** Each segment by itself, without padding, so that none can see another. */
async function encodeSegments(
  encoder: InferenceSession,
  segments: readonly (readonly number[])[],
): Promise<EncodedSegments> {
  const parts: Float32Array[] = [];
  for (const ids of segments) {
    const results = await encoder.run({
      input_ids: int64(ids, [1, ids.length]),
      attention_mask: int64(
        ids.map(() => 1),
        [1, ids.length],
      ),
    });
    parts.push(floats(results["last_hidden_state"], "last_hidden_state").data);
  }
  const states = new Float32Array(parts.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const part of parts) {
    states.set(part, offset);
    offset += part.length;
  }
  return { states, tokens: segments.reduce((sum, { length }) => sum + length, 0) };
}

interface FirstStepOptions {
  readonly decoder: InferenceSession;
  readonly layers: readonly CrossAttentionLayer[];
  readonly states: EncodedSegments;
  readonly startToken: number;
}

/** One decoder step with the start token alone, without a cache. */
async function firstStep({ decoder, layers, states, startToken }: FirstStepOptions): Promise<LayerAttention[]> {
  const { tokens } = states;
  const mask = Array.from({ length: tokens }, () => 1);
  const results = await decoder.run(
    {
      input_ids: int64([startToken], [1, 1]),
      encoder_attention_mask: int64(mask, [1, tokens]),
      [ENCODER_STATES]: new Tensor("float32", states.states, [1, tokens, states.states.length / tokens]),
    },
    layers.flatMap(({ logits, values }) => [logits, values]),
  );
  return layers.map((layer) => {
    const logits = floats(results[layer.logits], layer.logits);
    const values = floats(results[layer.values], layer.values);
    const [, heads = 0, steps, length] = logits.dims;
    const headSize = values.dims[3] ?? 0;
    if (steps !== 1 || length !== tokens || values.data.length !== heads * tokens * headSize) {
      throw new AppError(
        "invalid_artifact",
        `the decoder's cross-attention has shapes (${logits.dims.join(", ")}) and (${values.dims.join(", ")}) for ${tokens} tokens`,
      );
    }
    return { logits: logits.data, values: values.data, heads, headSize };
  });
}

async function openSession(model: string | Uint8Array, file: string, threads: number): Promise<InferenceSession> {
  const options: InferenceSession.SessionOptions = {
    executionProviders: ["cpu"],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  };
  try {
    return await (typeof model === "string"
      ? InferenceSession.create(model, options)
      : InferenceSession.create(model, options));
  } catch (cause) {
    throw refusedModel(file, cause);
  }
}

async function readConfig(folder: string): Promise<z.infer<typeof configSchema>> {
  const file = path.join(folder, "config.json");
  if (!existsSync(file)) {
    return {};
  }
  const parsed = configSchema.safeParse(JSON.parse(await readFile(file, "utf8")));
  if (!parsed.success) {
    throw new AppError("invalid_artifact", `${file}: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

function floats(
  tensor: Tensor | undefined,
  name: string,
): { readonly data: Float32Array; readonly dims: readonly number[] } {
  if (!(tensor?.data instanceof Float32Array)) {
    throw new AppError(
      "invalid_artifact",
      `the LM's output "${name}" is ${tensor?.type ?? "missing"}, expected float32`,
    );
  }
  return { data: tensor.data, dims: tensor.dims };
}

function int64(values: readonly number[], dims: readonly number[]): Tensor {
  return new Tensor("int64", BigInt64Array.from(values, BigInt), dims);
}
