import { applyAdapterWeights } from "../../../src/encoder/query-adapter.ts";
import type { AdapterWeights } from "../../../src/encoder/query-adapter.ts";
import { buildTrainingProgram } from "../../autodiff/training-program.ts";
import { TrainingSession } from "../../autodiff/training-session.ts";
import type { Loss } from "../../losses/loss.ts";
import { keyedRandom } from "../../seeded-random.ts";
import { appendAdapter, identityAdapter } from "../adapter-graph.ts";
import type { AdapterShape } from "../adapter-graph.ts";
import { maskFalseNegatives } from "../mask-false-negatives.ts";
import type { Guide } from "../mask-false-negatives.ts";
import { readLoss } from "../read-loss.ts";
import { sampleBatch } from "../sample-batch.ts";
import type { SampleBatchOptions } from "../sample-batch.ts";
import type { PreparedExample } from "../training-data.ts";
import type { TrainingTask } from "../training-task.ts";
import { rowsFeed } from "../vector-rows.ts";
import type { VectorRows } from "../vector-rows.ts";

export interface QueryAdapterTaskOptions extends AdapterShape {
  /** Bring adapted embeddings to unit length: what the encoder does. */
  readonly normalize: boolean;
  readonly loss: Loss;
  /** Weight of the mean squared distance between an embedding and its adapted one in the loss. */
  readonly identityWeight: number;
  readonly examples: readonly PreparedExample[];
  /** Of the examples' queries, in their order, by the frozen encoder. */
  readonly queryVectors: VectorRows;
  readonly passageVectors: VectorRows;
  readonly sampling: Omit<SampleBatchOptions, "epoch">;
  /** Masks in-batch false negatives; undefined: only what is known is masked. */
  readonly guide: Guide | undefined;
  readonly threads: number;
  /** The dev measure of queries that go through `adapt`. */
  readonly score: ((adapt: (embedding: Float32Array) => Float32Array) => Promise<number>) | undefined;
  readonly measure: string;
}

/** A small residual map on frozen query embeddings, against frozen passage vectors; see `adapter-graph.ts`. */
export async function queryAdapterTask(options: QueryAdapterTaskOptions): Promise<TrainingTask> {
  const { loss, examples, queryVectors, passageVectors, sampling, guide, score, measure } = options;
  const parameters = identityAdapter(options, keyedRandom(["adapter", sampling.seed]));
  const session = await openSession(options);
  return {
    parameters,
    lengths: examples.map(() => 1),
    idOf: (item) => examples[item]?.queryId ?? "",
    async gradients(items, epoch) {
      const chosen = items.flatMap((item) => examples[item] ?? []);
      const batch = maskFalseNegatives(sampleBatch(chosen, { ...sampling, epoch }), items, guide);
      const feeds = new Map([
        ...loss.feeds(batch),
        ["queries", rowsFeed(queryVectors, items)] as const,
        ["passages", rowsFeed(passageVectors, batch.passages)] as const,
        ...parameters.map(({ name, dims, data }) => [name, { dataType: "float", dims, data }] as const),
      ]);
      const { outputs, gradients } = await session.run({ feeds, weights: new Map() });
      return { loss: readLoss(outputs), gradients, tokens: 0, facts: { maskedShare: batch.maskedShare } };
    },
    evaluate:
      score === undefined
        ? undefined
        : () => {
            const weights = adapterWeights(parameters);
            return score((embedding) => applyAdapterWeights(options, weights, embedding));
          },
    measure,
    close: () => session.release(),
  };
}

/** The parameters of the task as the tensors of an adapter file. */
export function adapterWeights(parameters: TrainingTask["parameters"]): AdapterWeights {
  return new Map(parameters.map(({ name, dims, data }) => [name, { shape: dims, data }]));
}

async function openSession(options: QueryAdapterTaskOptions): Promise<TrainingSession> {
  const { dims, loss, identityWeight, threads } = options;
  const program = buildTrainingProgram({
    wrt: identityAdapter(options, () => 0).map(({ name }) => name),
    write(build) {
      const queries = build.input("queries", ["queries", dims]);
      const passages = build.input("passages", ["passages", dims]);
      const adapted = appendAdapter(build, queries, options);
      const contrast = loss.build(build, { queries: adapted, passages });
      const total =
        identityWeight === 0 ? contrast : build.add(contrast, build.mul(distance(), build.scalar(identityWeight)));
      return { outputs: { loss: total }, seeds: new Map([[total, build.scalar(1)]]) };

      /** Mean over queries of ‖q' - q‖². */
      function distance(): string {
        const change = build.sub(adapted, queries);
        const squares = build.reduceSum(build.mul(change, change), [1], { keepDims: false });
        return build.reduceMean(squares, [0], { keepDims: false });
      }
    },
  });
  return await TrainingSession.create(program, { threads });
}
