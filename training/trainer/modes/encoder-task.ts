import type { GraphParameter } from "../../autodiff/find-parameters.ts";
import { buildTrainingProgram } from "../../autodiff/training-program.ts";
import type { TrainingProgramOptions } from "../../autodiff/training-program.ts";
import { TrainingSession } from "../../autodiff/training-session.ts";
import type { Feed } from "../../autodiff/training-session.ts";
import type { Loss } from "../../losses/loss.ts";
import type { Parameter } from "../../optim/parameter.ts";
import { GradCache } from "../grad-cache.ts";
import { maskFalseNegatives } from "../mask-false-negatives.ts";
import type { Guide } from "../mask-false-negatives.ts";
import { readLoss } from "../read-loss.ts";
import { sampleBatch } from "../sample-batch.ts";
import type { SampleBatchOptions, SampledBatch } from "../sample-batch.ts";
import { countTokens, tokenFeeds } from "../token-feeds.ts";
import type { TokenRows } from "../token-feeds.ts";
import { copyWeights } from "../trainable-encoder.ts";
import type { TrainableEncoder } from "../trainable-encoder.ts";
import type { PreparedExample } from "../training-data.ts";
import type { StepGradients, TrainingTask } from "../training-task.ts";
import { rowsFeed, takeRows } from "../vector-rows.ts";
import type { VectorRows } from "../vector-rows.ts";

type Write = TrainingProgramOptions["write"];

/** Where the embeddings of passages come from. */
export interface PassageSide {
  /** Writes them into the graph; returns the value, (passages, dims). */
  write(...context: Parameters<Write>): string;
  /** What they are computed from, for some rows of the corpus. */
  feeds(rows: readonly number[]): Iterable<readonly [string, Feed]>;
  /** The same without a graph, for GradCache. */
  cached(rows: readonly number[]): TokenRows | VectorRows;
  /** Tokens that go through the encoder for them. */
  tokens(rows: readonly number[]): number;
}

/** Vectors that stay as they are: of an index, or of a teacher. */
export function frozenSide(vectors: VectorRows): PassageSide {
  return {
    write: (build) => build.input("passages", ["passages", vectors.dims]),
    feeds: (rows) => [["passages", rowsFeed(vectors, rows)]],
    cached: (rows) => takeRows(vectors, rows),
    tokens: () => 0,
  };
}

/** The encoder in training embeds them too. */
export function trainedSide(texts: TokenRows, padId: number): PassageSide {
  const chosen = (rows: readonly number[]): TokenRows => rows.map((row) => texts[row] ?? []);
  return {
    write: (_build, encode) => encode("passages"),
    feeds: (rows) => tokenFeeds("passages", chosen(rows), padId),
    cached: chosen,
    tokens: (rows) => countTokens(chosen(rows)),
  };
}

export interface EncoderTaskOptions {
  readonly encoder: TrainableEncoder;
  readonly loss: Loss;
  readonly examples: readonly PreparedExample[];
  /** Of the examples' queries, in their order. */
  readonly queries: TokenRows;
  readonly passages: PassageSide;
  readonly sampling: Omit<SampleBatchOptions, "epoch">;
  /** Masks in-batch false negatives; undefined: only what is known is masked. */
  readonly guide: Guide | undefined;
  /** Weights whose name or path contains one of these are not trained. */
  readonly frozen: readonly string[];
  /** Texts whose activations are in memory at once, see `GradCache`. Default: all of a batch, in one graph. */
  readonly microBatch: number | undefined;
  readonly threads: number;
  /** The dev measure with these weights. */
  readonly score: ((weights: ReadonlyMap<string, Float32Array>) => Promise<number>) | undefined;
  readonly measure: string;
}

/** A whole encoder, trained through one graph of both towers and the loss, or in parts of a batch. */
export async function encoderTask(options: EncoderTaskOptions): Promise<TrainingTask> {
  const { encoder, examples, queries, passages, sampling, guide, microBatch, score, measure } = options;
  const step = microBatch === undefined ? await wholeStep(options) : await cachedStep(options, microBatch);
  const names = step.parameters.map(({ name }) => name);
  const weights = copyWeights(encoder.spec.model, names);
  const parameters = step.parameters.map((parameter): Parameter => {
    return { ...parameter, data: weights.get(parameter.name) ?? new Float32Array(0) };
  });
  return {
    parameters,
    lengths: queries.map(({ length }) => length),
    idOf: (item) => examples[item]?.queryId ?? "",
    async gradients(items, epoch) {
      const chosen = items.flatMap((item) => examples[item] ?? []);
      const batch = maskFalseNegatives(sampleBatch(chosen, { ...sampling, epoch }), items, guide);
      const rows = items.map((item) => queries[item] ?? []);
      return {
        ...(await step.run({ queries: rows, batch, weights })),
        tokens: countTokens(rows) + passages.tokens(batch.passages),
        facts: { maskedShare: batch.maskedShare },
      };
    },
    evaluate: score === undefined ? undefined : () => score(weights),
    measure,
    close: () => step.close(),
  };
}

interface StepInput {
  readonly queries: TokenRows;
  readonly batch: SampledBatch;
  readonly weights: ReadonlyMap<string, Float32Array>;
}

/** How a batch becomes a loss and gradients. */
interface EncoderStep {
  readonly parameters: readonly GraphParameter[];
  run(input: StepInput): Promise<Pick<StepGradients, "loss" | "gradients">>;
  close(): Promise<void>;
}

async function wholeStep({ encoder, loss, passages, frozen, threads }: EncoderTaskOptions): Promise<EncoderStep> {
  const program = buildTrainingProgram({
    encoder: encoder.spec,
    isTrained: (parameter) => !isFrozen(parameter, frozen),
    write(build, encode) {
      const embeddings = { queries: encode("queries"), passages: passages.write(build, encode) };
      const value = loss.build(build, embeddings);
      return { outputs: { loss: value }, seeds: new Map([[value, build.scalar(1)]]) };
    },
  });
  const session = await TrainingSession.create(program, { threads });
  return {
    parameters: program.parameters,
    async run({ queries, batch, weights }) {
      const feeds = new Map([
        ...loss.feeds(batch),
        ...tokenFeeds("queries", queries, encoder.tokenizer.padId),
        ...passages.feeds(batch.passages),
      ]);
      const { outputs, gradients } = await session.run({ feeds, weights });
      return { loss: readLoss(outputs), gradients };
    },
    close: () => session.release(),
  };
}

async function cachedStep(options: EncoderTaskOptions, microBatch: number): Promise<EncoderStep> {
  const { encoder, loss, passages, frozen, threads } = options;
  const cache = await GradCache.create({
    encoder: encoder.spec,
    loss,
    isTrained: (parameter) => !isFrozen(parameter, frozen),
    microBatch,
    padId: encoder.tokenizer.padId,
    threads,
  });
  return {
    parameters: cache.parameters,
    run: ({ batch, ...input }) => cache.step({ ...input, batch, passages: passages.cached(batch.passages) }),
    close: () => cache.release(),
  };
}

function isFrozen({ name, path }: GraphParameter, frozen: readonly string[]): boolean {
  return frozen.some((part) => name.includes(part) || path.includes(part));
}
