import type { EncoderSpec } from "../autodiff/encoder-spec.ts";
import type { GraphParameter } from "../autodiff/find-parameters.ts";
import { buildTrainingProgram } from "../autodiff/training-program.ts";
import { TrainingSession } from "../autodiff/training-session.ts";
import type { Feed } from "../autodiff/training-session.ts";
import type { LossBatch } from "../losses/loss-batch.ts";
import { lossProgram } from "../losses/loss-program.ts";
import type { Loss } from "../losses/loss.ts";
import type { Gradient } from "../optim/gradient.ts";
import { GradientAccumulator } from "./accumulate-gradients.ts";
import { EmbeddingSession } from "./embedding-session.ts";
import { microBatches } from "./micro-batches.ts";
import { readLoss } from "./read-loss.ts";
import { tokenFeeds } from "./token-feeds.ts";
import type { TokenRows } from "./token-feeds.ts";
import { packRows, rowsFeed } from "./vector-rows.ts";
import type { VectorRows } from "./vector-rows.ts";

export interface GradCacheOptions {
  readonly encoder: EncoderSpec;
  readonly loss: Loss;
  readonly isTrained: (parameter: GraphParameter) => boolean;
  /** Memory for activations, in texts as long as the longest of a batch; of shorter ones more fit. */
  readonly microBatch: number;
  readonly padId: number;
  readonly threads: number;
}

export interface GradCacheStep {
  readonly queries: TokenRows;
  /** In the order of the batch: texts, which the same weights encode, or vectors that stay as they are. */
  readonly passages: TokenRows | VectorRows;
  readonly batch: LossBatch;
  readonly weights: ReadonlyMap<string, Float32Array>;
}

export interface GradCacheResult {
  readonly loss: number;
  /** By parameter. Arrays of their own, which later steps do not touch. */
  readonly gradients: ReadonlyMap<string, Gradient>;
}

interface Sessions {
  readonly embedding: EmbeddingSession;
  readonly backward: TrainingSession;
  readonly loss: TrainingSession;
}

/**
 * Gradients of a loss over a batch of any size in the memory of a small one (Gao et al., "Scaling deep contrastive learning
 * batch size under memory limited setup", 2021). A contrastive loss needs all embeddings at once, but not all activations: the
 * texts are embedded in parts without keeping anything, the loss alone gives the gradient of every embedding, and each part
 * is run once more, forward and backward, from the gradients of its embeddings. The sum over parts is the gradient of the whole
 * batch, but for the order of additions. It costs a forward pass more: a third more time than a batch that fits.
 */
export class GradCache {
  /** Weights that are trained. */
  readonly parameters: readonly GraphParameter[];
  readonly #options: GradCacheOptions;
  readonly #sessions: Sessions;

  private constructor(options: GradCacheOptions, parameters: readonly GraphParameter[], sessions: Sessions) {
    this.#options = options;
    this.parameters = parameters;
    this.#sessions = sessions;
  }

  /** Throws AppError `invalid_artifact` like `buildTrainingProgram`. */
  static async create(options: GradCacheOptions): Promise<GradCache> {
    const { encoder, isTrained, loss, padId, threads } = options;
    const program = buildTrainingProgram({
      encoder,
      isTrained,
      write: (build, encode) => {
        const embeddings = encode("texts");
        const upstream = build.input("upstream", ["texts", "dims"]);
        return { outputs: { embeddings }, seeds: new Map([[embeddings, upstream]]) };
      },
    });
    return new GradCache(options, program.parameters, {
      embedding: await EmbeddingSession.open({ encoder, padId, threads }),
      backward: await TrainingSession.create(program, { threads }),
      loss: await TrainingSession.create(lossProgram(loss), { threads }),
    });
  }

  /** Throws AppError like `Loss.feeds` and `TrainingSession.run`. */
  async step({ queries, passages, batch, weights }: GradCacheStep): Promise<GradCacheResult> {
    const texts = "matrix" in passages ? queries : [...queries, ...passages];
    const vectors = await this.#sessions.embedding.embed(texts, weights);
    const dims = vectors[0]?.length ?? 0;
    const { matrix } = packRows(vectors, dims);
    const queryEnd = queries.length * dims;
    const { loss, upstream } = await this.#lossGradients(batch, {
      queries: { matrix: matrix.subarray(0, queryEnd), dims },
      passages: "matrix" in passages ? passages : { matrix: matrix.subarray(queryEnd), dims },
    });
    const sum = new GradientAccumulator(1); // of one batch: parts are added up, not averaged
    for (const part of microBatches(texts, this.#options.microBatch * longestOf(texts))) {
      const rows = part.map((index) => texts[index] ?? []);
      const feeds = new Map<string, Feed>(tokenFeeds("texts", rows, this.#options.padId));
      feeds.set("upstream", rowsFeed(upstream, part));
      const { gradients } = await this.#sessions.backward.run({ feeds, weights });
      sum.add({ loss: 0, gradients, tokens: 0 });
    }
    return { loss, gradients: sum.result().gradients };
  }

  async release(): Promise<void> {
    const { embedding, backward, loss } = this.#sessions;
    await embedding.release();
    await backward.release();
    await loss.release();
  }

  /** The loss, and its gradients of the embeddings: those of the queries, then those of the passages. */
  async #lossGradients(
    batch: LossBatch,
    { queries, passages }: { readonly queries: VectorRows; readonly passages: VectorRows },
  ): Promise<{ readonly loss: number; readonly upstream: VectorRows }> {
    const { dims } = queries;
    const feeds = new Map<string, Feed>(this.#options.loss.feeds(batch));
    for (const [name, { matrix }] of Object.entries({ queries, passages })) {
      feeds.set(name, { dataType: "float", dims: [matrix.length / dims, dims], data: matrix });
    }
    const { outputs, gradients } = await this.#sessions.loss.run({ feeds, weights: new Map() });
    const parts = ["queries", "passages"].map((name) => {
      const gradient = gradients.get(name);
      return gradient instanceof Float32Array ? gradient : new Float32Array(0);
    });
    return {
      loss: readLoss(outputs),
      upstream: packRows(
        parts.flatMap((part) => rowsOf(part, dims)),
        dims,
      ),
    };
  }
}

function longestOf(texts: TokenRows): number {
  return texts.reduce((longest, { length }) => Math.max(longest, length), 1);
}

function rowsOf(matrix: Float32Array, dims: number): Float32Array[] {
  return Array.from({ length: matrix.length / dims }, (_, row) => matrix.subarray(row * dims, (row + 1) * dims));
}
