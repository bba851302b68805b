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
import { microBatches, tokenFeeds } from "./micro-batches.ts";
import type { TokenIds } from "./micro-batches.ts";

export interface GradCacheOptions {
  readonly encoder: EncoderSpec;
  readonly loss: Loss;
  /** Weights to train. Default all. */
  readonly isTrained?: (parameter: GraphParameter) => boolean;
  /** Tokens, padding included, that one forward and backward pass holds in memory. */
  readonly tokenBudget: number;
  readonly padId: number;
  /** Threads of one run. Default 1. */
  readonly threads?: number;
}

/** Embeddings that are not trained, (passages, dims) row-major. */
export interface FrozenEmbeddings {
  readonly embeddings: Float32Array;
}

export interface GradCacheStep {
  readonly queries: readonly TokenIds[];
  /** In the order of the batch; texts are encoded by the same weights as queries. */
  readonly passages: readonly TokenIds[] | FrozenEmbeddings;
  readonly batch: LossBatch;
  readonly weights: ReadonlyMap<string, Float32Array>;
}

export interface GradCacheResult {
  readonly loss: number;
  /** By parameter. Arrays of their own, which later steps do not touch. */
  readonly gradients: ReadonlyMap<string, Gradient>;
}

/** Embeddings of some texts, row-major, rows in the order of the texts. */
interface Embedded {
  readonly dims: number;
  readonly rows: Float32Array;
}

/**
 * Gradients of a loss over a batch of any size in the memory of a small one (Gao et al., "Scaling deep contrastive learning batch
 * size under memory limited setup", 2021). A contrastive loss needs all embeddings at once, but not all activations: all texts are
 * embedded in parts without keeping anything, the loss alone gives the gradient of every embedding, and each part is run once
 * more, forward and backward, from the gradients of its embeddings. The sum over parts is the gradient of the whole batch, but
 * for the order of additions. It costs one more forward pass: about a third more time than a batch that fits.
 */
export class GradCache {
  readonly #options: GradCacheOptions;
  readonly #embed: TrainingSession;
  readonly #backward: TrainingSession;
  /** By whether passages are trained. */
  readonly #losses = new Map<boolean, TrainingSession>();

  private constructor(options: GradCacheOptions, embed: TrainingSession, backward: TrainingSession) {
    this.#options = options;
    this.#embed = embed;
    this.#backward = backward;
  }

  /** Throws AppError `invalid_artifact` like `buildTrainingProgram`. */
  static async create(options: GradCacheOptions): Promise<GradCache> {
    const { encoder, isTrained, threads = 1 } = options;
    const embed = buildTrainingProgram({
      encoder,
      write: (_, encode) => ({ outputs: { [EMBEDDINGS]: encode(TOWER) } }),
    });
    const backward = buildTrainingProgram({
      encoder,
      ...(isTrained === undefined ? {} : { isTrained }),
      write: (build, encode) => {
        const embeddings = encode(TOWER);
        const upstream = build.input(UPSTREAM, ["texts", "dims"]);
        return { outputs: { [EMBEDDINGS]: embeddings }, seeds: new Map([[embeddings, upstream]]) };
      },
    });
    return new GradCache(
      options,
      await TrainingSession.create(embed, { threads }),
      await TrainingSession.create(backward, { threads }),
    );
  }

  /** Throws AppError like `Loss.feeds` and `TrainingSession.run`. */
  async step({ queries, passages, batch, weights }: GradCacheStep): Promise<GradCacheResult> {
    const passageTexts = "embeddings" in passages ? [] : passages;
    const texts = [...queries, ...passageTexts];
    const parts = microBatches(texts, this.#options.tokenBudget);
    const { dims, rows } = await this.#embedAll(texts, parts, weights);
    const queryEnd = queries.length * dims;
    const { loss, queryGradient, passageGradient } = await this.#lossGradients(batch, {
      dims,
      queries: rows.subarray(0, queryEnd),
      passages: "embeddings" in passages ? passages.embeddings : rows.subarray(queryEnd),
      trainsPassages: !("embeddings" in passages),
    });
    const upstream = new Float32Array(rows.length);
    upstream.set(queryGradient);
    upstream.set(passageGradient, queryEnd);
    const sum = new GradientAccumulator(1);
    for (const part of parts) {
      const feeds = this.#tokens(texts, part);
      feeds.set(UPSTREAM, { dataType: "float", dims: [part.length, dims], data: takeRows(upstream, part, dims) });
      const { gradients } = await this.#backward.run({ feeds, weights });
      sum.add({ loss: 0, gradients, tokens: 0 });
    }
    return { loss, gradients: sum.result().gradients };
  }

  async release(): Promise<void> {
    for (const session of [this.#embed, this.#backward, ...this.#losses.values()]) {
      await session.release();
    }
  }

  async #embedAll(
    texts: readonly TokenIds[],
    parts: readonly (readonly number[])[],
    weights: ReadonlyMap<string, Float32Array>,
  ): Promise<Embedded> {
    let rows = new Float32Array(0);
    let dims = 0;
    for (const part of parts) {
      const { outputs } = await this.#embed.run({ feeds: this.#tokens(texts, part), weights });
      const data = outputs.get(EMBEDDINGS)?.data ?? new Float32Array(0);
      dims = data.length / part.length;
      rows = rows.length === 0 ? new Float32Array(texts.length * dims) : rows;
      for (const [position, index] of part.entries()) {
        rows.set(data.subarray(position * dims, (position + 1) * dims), index * dims);
      }
    }
    return { dims, rows };
  }

  async #lossGradients(batch: LossBatch, { dims, queries, passages, trainsPassages }: EmbeddedBatch) {
    const matrix = (data: Float32Array): Feed => ({ dataType: "float", dims: [data.length / dims, dims], data });
    const feeds = new Map<string, Feed>(this.#options.loss.feeds(batch));
    feeds.set("queries", matrix(queries)).set("passages", matrix(passages));
    const session = await this.#lossSession(trainsPassages);
    const { outputs, gradients } = await session.run({ feeds, weights: new Map() });
    return {
      loss: outputs.get("loss")?.data[0] ?? NaN,
      queryGradient: denseGradient(gradients, "queries"),
      passageGradient: trainsPassages ? denseGradient(gradients, "passages") : new Float32Array(0),
    };
  }

  async #lossSession(trainsPassages: boolean): Promise<TrainingSession> {
    let session = this.#losses.get(trainsPassages);
    if (session === undefined) {
      const { loss, threads = 1 } = this.#options;
      const program = lossProgram(loss, trainsPassages ? ["queries", "passages"] : ["queries"]);
      session = await TrainingSession.create(program, { threads });
      this.#losses.set(trainsPassages, session);
    }
    return session;
  }

  #tokens(texts: readonly TokenIds[], part: readonly number[]): Map<string, Feed> {
    const chosen = part.map((index) => texts[index] ?? []);
    return tokenFeeds(chosen, { tower: TOWER, padId: this.#options.padId });
  }
}

const TOWER = "texts";
const EMBEDDINGS = "embeddings";
const UPSTREAM = "upstream";

interface EmbeddedBatch {
  readonly dims: number;
  readonly queries: Float32Array;
  readonly passages: Float32Array;
  readonly trainsPassages: boolean;
}

function takeRows(rows: Float32Array, chosen: readonly number[], dims: number): Float32Array {
  const taken = new Float32Array(chosen.length * dims);
  for (const [position, index] of chosen.entries()) {
    taken.set(rows.subarray(index * dims, (index + 1) * dims), position * dims);
  }
  return taken;
}

function denseGradient(gradients: ReadonlyMap<string, Gradient>, name: string): Float32Array {
  const gradient = gradients.get(name);
  if (!(gradient instanceof Float32Array)) {
    throw new TypeError(`the loss has no gradient of "${name}"`);
  }
  return gradient;
}
