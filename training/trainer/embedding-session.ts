import type { EncoderSpec } from "../autodiff/encoder-spec.ts";
import { buildTrainingProgram } from "../autodiff/training-program.ts";
import { TrainingSession } from "../autodiff/training-session.ts";
import { countTokens, tokenFeeds } from "./token-feeds.ts";
import type { TokenRows } from "./token-feeds.ts";

export interface EmbeddingSessionOptions {
  readonly encoder: EncoderSpec;
  readonly padId: number;
  readonly threads: number;
}

/** Tokens of a pass, padding included. */
const MAX_PASS_TOKENS = 2048;

/** Embeds texts with weights that are given anew each time: the encoder as training has it at a moment. */
export class EmbeddingSession {
  readonly #session: TrainingSession;
  readonly #padId: number;

  private constructor(session: TrainingSession, padId: number) {
    this.#session = session;
    this.#padId = padId;
  }

  static async open({ encoder, padId, threads }: EmbeddingSessionOptions): Promise<EmbeddingSession> {
    const program = buildTrainingProgram({
      encoder,
      write: (_build, encode) => ({ outputs: { embeddings: encode("texts") } }),
    });
    return new EmbeddingSession(await TrainingSession.create(program, { threads }), padId);
  }

  /** One vector a text, in their order. Weights that are not given are the encoder's own. */
  async embed(texts: TokenRows, weights: ReadonlyMap<string, Float32Array>): Promise<Float32Array[]> {
    const embeddings: Float32Array[] = Array.from({ length: texts.length });
    for (const batch of batchesByLength(texts)) {
      const rows = batch.map((index) => texts[index] ?? []);
      const feeds = new Map(tokenFeeds("texts", rows, this.#padId));
      const { outputs } = await this.#session.run({ feeds, weights });
      const { data = new Float32Array(0) } = outputs.get("embeddings") ?? {};
      const dims = data.length / rows.length;
      for (const [row, index] of batch.entries()) {
        embeddings[index] = data.slice(row * dims, (row + 1) * dims);
      }
    }
    return embeddings;
  }

  async release(): Promise<void> {
    await this.#session.release();
  }
}

/** Indices of texts, like lengths together. */
function batchesByLength(texts: TokenRows): number[][] {
  const lengthOf = (index: number): number => countTokens([texts[index] ?? []]);
  const order = texts.map((_, index) => index).toSorted((a, b) => lengthOf(b) - lengthOf(a));
  const batches: number[][] = [];
  let batch: number[] = [];
  for (const index of order) {
    const sequence = lengthOf(batch[0] ?? index);
    if (batch.length > 0 && (batch.length + 1) * sequence > MAX_PASS_TOKENS) {
      batches.push(batch);
      batch = [];
    }
    batch.push(index);
  }
  return batch.length === 0 ? batches : [...batches, batch];
}
