import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { ProductSearch } from "../../../training/eval/product-search.ts";
import { createOptimizer } from "../../../training/optim/create-optimizer.ts";
import { DEV_MEASURE, devScore } from "../../../training/trainer/dev-set.ts";
import { batchesOfEpoch } from "../../../training/trainer/epoch-order.ts";
import { mineNegatives } from "../../../training/trainer/mine-negatives.ts";
import { queryAdapterTask } from "../../../training/trainer/modes/query-adapter.ts";
import type { QueryAdapterTaskOptions } from "../../../training/trainer/modes/query-adapter.ts";
import { runTraining } from "../../../training/trainer/run-training.ts";
import { samplingOf } from "../../../training/trainer/step-options.ts";
import { trainingLoss } from "../../../training/trainer/training-loss.ts";
import { resolveTrainingOptions } from "../../../training/trainer/training-options.ts";
import type { TrainingOptions } from "../../../training/trainer/training-options.ts";
import type { TrainingTask } from "../../../training/trainer/training-task.ts";
import { DIMS, madeUpQuestions } from "./made-up-questions.ts";
import type { MadeUpQuestions } from "./made-up-questions.ts";

const TRAIN_QUERIES = 28_000;
const DEV_QUERIES = 500;
const EPOCHS = 5;
const ENCODER = { name: "made up", dims: DIMS, normalize: true, similarity: "cosine" } as const;

export interface AdapterRunResult {
  readonly queries: number;
  readonly epochs: number;
  readonly seconds: number;
  /** Seconds of the parts. */
  readonly parts: Readonly<Record<string, number>>;
  /** Dev nDCG@10 of the identity and of the best checkpoint. */
  readonly before: number;
  readonly after: number;
}

/** A whole `query-adapter` run with the defaults of its mode, from vectors on. */
export async function adapterRun({ threads }: { readonly threads: number }): Promise<AdapterRunResult> {
  const data = madeUpQuestions(TRAIN_QUERIES + DEV_QUERIES);
  const output = await mkdtemp(path.join(tmpdir(), "aar-adapter-"));
  const clock = new Clock();
  const search = await ProductSearch.open({ ...data.passages, similarity: "cosine", threads });
  try {
    const options = resolveTrainingOptions({ mode: "query-adapter", output, epochs: EPOCHS }, {});
    const examples = await clock.time("negative search", () =>
      mineNegatives(data.examples.slice(0, TRAIN_QUERIES), {
        search,
        queryVectors: data.queries,
        depth: options.baseDepth,
        progress: silent,
        signal: AbortSignal.any([]),
      }),
    );
    const measure = devMeasure(data, search);
    const scores: number[] = [];
    const task = await openTask({ options, data, examples, threads }, async (adapt) => {
      const score = await clock.time("dev measure", () => measure(adapt));
      scores.push(score);
      return score;
    });
    await clock.time("run", () => run(options, task));
    await task.close();
    const steps = await stepSeconds(path.join(output, "metrics.jsonl"));
    const { run: whole = 0, "negative search": mining = 0, "dev measure": measuring = 0 } = clock.seconds;
    return {
      queries: TRAIN_QUERIES,
      epochs: EPOCHS,
      seconds: mining + whole,
      parts: { "negative search": mining, steps, "dev measure": measuring, checkpoints: whole - measuring - steps },
      before: scores[0] ?? NaN,
      after: Math.max(...scores),
    };
  } finally {
    await search.close();
    await rm(output, { recursive: true });
  }
}

type Score = NonNullable<QueryAdapterTaskOptions["score"]>;

/** The dev measure over the last questions. */
function devMeasure({ examples, queries, passages }: MadeUpQuestions, search: ProductSearch): Score {
  const dev = examples.slice(TRAIN_QUERIES);
  const set = {
    queries: dev.map(({ queryId, query }) => ({ id: queryId, text: query, answers: [] })),
    qrels: new Map(dev.map(({ queryId, positives }) => [queryId, new Map(positives.map((row) => [String(row), 1]))])),
  };
  const passageIds = Array.from({ length: passages.matrix.length / DIMS }, (_, row) => String(row));
  const vectors = dev.map((_, index) => {
    const row = TRAIN_QUERIES + index;
    return queries.matrix.slice(row * DIMS, (row + 1) * DIMS);
  });
  return async (adapt) => await devScore({ set, queryVectors: vectors.map(adapt), search, passageIds });
}

interface OpenTaskOptions extends Pick<QueryAdapterTaskOptions, "examples" | "threads"> {
  readonly options: TrainingOptions;
  readonly data: MadeUpQuestions;
}

async function openTask({ options, data, examples, threads }: OpenTaskOptions, score: Score): Promise<TrainingTask> {
  return await queryAdapterTask({
    kind: options.adapter,
    width: options.adapterWidth,
    dims: DIMS,
    normalize: true,
    loss: trainingLoss(options, ENCODER),
    identityWeight: options.identityWeight,
    examples,
    queryVectors: data.queries,
    passageVectors: data.passages,
    sampling: samplingOf(options),
    guide: undefined,
    threads,
    score,
    measure: DEV_MEASURE,
  });
}

async function run(options: TrainingOptions, task: TrainingTask): Promise<void> {
  const stepsPerEpoch = batchesOfEpoch(task.lengths.length, options.batchSize);
  const { learningRate, clipNorm } = options;
  await runTraining({
    ...options,
    task,
    optimizer: createOptimizer({ learningRate, clipNorm }),
    identity: "bench",
    totalSteps: EPOCHS * stepsPerEpoch,
    evaluateEvery: stepsPerEpoch,
    checkpointEvery: stepsPerEpoch,
    patience: Infinity,
    progress: silent,
  });
}

async function stepSeconds(file: string): Promise<number> {
  const lines = (await readFile(file, "utf8")).trim().split("\n");
  return lines.reduce((sum, line) => sum + ((JSON.parse(line) as { seconds?: number }).seconds ?? 0), 0); // our own file
}

/** Seconds by name, added up. */
class Clock {
  readonly seconds: Record<string, number> = {};

  async time<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const began = performance.now();
    const result = await work();
    this.seconds[name] = (this.seconds[name] ?? 0) + (performance.now() - began) / 1000;
    return result;
  }
}

function silent() {
  return { advance: () => undefined, finish: () => undefined };
}
