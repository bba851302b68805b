import { buildTrainingProgram } from "../../autodiff/training-program.ts";
import type { TrainingProgramOptions } from "../../autodiff/training-program.ts";
import { TrainingSession } from "../../autodiff/training-session.ts";
import type { Feed } from "../../autodiff/training-session.ts";
import type { Loss } from "../../losses/loss.ts";
import type { Parameter } from "../../optim/parameter.ts";
import { readLoss } from "../read-loss.ts";
import { sampleBatch } from "../sample-batch.ts";
import type { SampleBatchOptions } from "../sample-batch.ts";
import { countTokens, tokenFeeds } from "../token-feeds.ts";
import type { TokenRows } from "../token-feeds.ts";
import { copyWeights } from "../trainable-encoder.ts";
import type { TrainableEncoder } from "../trainable-encoder.ts";
import type { PreparedExample } from "../training-data.ts";
import type { TrainingTask } from "../training-task.ts";
import { rowsFeed } from "../vector-rows.ts";
import type { VectorRows } from "../vector-rows.ts";

type Write = TrainingProgramOptions["write"];

/** Where the embeddings of passages come from. */
export interface PassageSide {
  /** Writes them into the graph; returns the value, (passages, dims). */
  write(...context: Parameters<Write>): string;
  /** What they are computed from, for some rows of the corpus. */
  feeds(rows: readonly number[]): Iterable<readonly [string, Feed]>;
  /** Tokens that go through the encoder for them. */
  tokens(rows: readonly number[]): number;
}

/** Vectors that stay as they are: of an index, or of a teacher. */
export function frozenSide(vectors: VectorRows): PassageSide {
  return {
    write: (build) => build.input("passages", ["passages", vectors.dims]),
    feeds: (rows) => [["passages", rowsFeed(vectors, rows)]],
    tokens: () => 0,
  };
}

/** The encoder in training embeds them too. */
export function trainedSide(texts: TokenRows, padId: number): PassageSide {
  const chosen = (rows: readonly number[]): TokenRows => rows.map((row) => texts[row] ?? []);
  return {
    write: (_build, encode) => encode("passages"),
    feeds: (rows) => tokenFeeds("passages", chosen(rows), padId),
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
  /** Weights whose name or path contains one of these are not trained. */
  readonly frozen: readonly string[];
  readonly threads: number;
  /** The dev measure with these weights. */
  readonly score: ((weights: ReadonlyMap<string, Float32Array>) => Promise<number>) | undefined;
  readonly measure: string;
}

/** A whole encoder, trained through one graph of both towers and the loss. */
export async function encoderTask(options: EncoderTaskOptions): Promise<TrainingTask> {
  const { encoder, loss, examples, queries, passages, sampling, frozen, threads, score, measure } = options;
  const program = buildTrainingProgram({
    encoder: encoder.spec,
    isTrained: ({ name, path }) => !frozen.some((part) => name.includes(part) || path.includes(part)),
    write(build, encode) {
      const embeddings = { queries: encode("queries"), passages: passages.write(build, encode) };
      const value = loss.build(build, embeddings);
      return { outputs: { loss: value }, seeds: new Map([[value, build.scalar(1)]]) };
    },
  });
  const session = await TrainingSession.create(program, { threads });
  const weights = copyWeights(
    encoder.spec.model,
    program.parameters.map(({ name }) => name),
  );
  const parameters = program.parameters.map((parameter): Parameter => {
    return { ...parameter, data: weights.get(parameter.name) ?? new Float32Array(0) };
  });
  const { padId } = encoder.tokenizer;
  return {
    parameters,
    lengths: queries.map(({ length }) => length),
    idOf: (item) => examples[item]?.queryId ?? "",
    async gradients(items, epoch) {
      const chosen = items.flatMap((item) => examples[item] ?? []);
      const batch = sampleBatch(chosen, { ...sampling, epoch });
      const rows = items.map((item) => queries[item] ?? []);
      const feeds = new Map([
        ...loss.feeds(batch),
        ...tokenFeeds("queries", rows, padId),
        ...passages.feeds(batch.passages),
      ]);
      const { outputs, gradients } = await session.run({ feeds, weights });
      return {
        loss: readLoss(outputs),
        gradients,
        tokens: countTokens(rows) + passages.tokens(batch.passages),
        facts: { maskedShare: batch.maskedShare },
      };
    },
    evaluate: score === undefined ? undefined : () => score(weights),
    measure,
  };
}
