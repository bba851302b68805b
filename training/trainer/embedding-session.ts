import type { EncoderSpec } from "../autodiff/encoder-spec.ts";
import { buildTrainingProgram } from "../autodiff/training-program.ts";
import { TrainingSession } from "../autodiff/training-session.ts";
import { readFloatTensor } from "../onnx/tensor.ts";
import { microBatches } from "./micro-batches.ts";
import { tokenFeeds } from "./token-feeds.ts";
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
  readonly #own: ReadonlyMap<string, Float32Array>;

  private constructor(session: TrainingSession, padId: number, own: ReadonlyMap<string, Float32Array>) {
    this.#session = session;
    this.#padId = padId;
    this.#own = own;
  }

  static async open({ encoder, padId, threads }: EmbeddingSessionOptions): Promise<EmbeddingSession> {
    const program = buildTrainingProgram({
      encoder,
      write: (_build, encode) => ({ outputs: { embeddings: encode("texts") } }),
    });
    const names = new Set(program.parameters.map(({ name }) => name));
    const own = encoder.model.graph.initializer.filter(({ name }) => names.has(name));
    return new EmbeddingSession(
      await TrainingSession.create(program, { threads }),
      padId,
      new Map(own.map((tensor) => [tensor.name, readFloatTensor(tensor).data])),
    );
  }

  /** One vector a text, in their order. Weights that are not given are the encoder's own. */
  async embed(texts: TokenRows, weights: ReadonlyMap<string, Float32Array>): Promise<Float32Array[]> {
    const embeddings: Float32Array[] = Array.from({ length: texts.length });
    const allWeights = new Map([...this.#own, ...weights]);
    for (const batch of microBatches(texts, MAX_PASS_TOKENS)) {
      const rows = batch.map((index) => texts[index] ?? []);
      const feeds = new Map(tokenFeeds("texts", rows, this.#padId));
      const { outputs } = await this.#session.run({ feeds, weights: allWeights });
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
