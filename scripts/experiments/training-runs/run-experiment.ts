import { existsSync } from "node:fs";
import path from "node:path";
import type { Encoder } from "../../../src/encoder/encoder.ts";
import { adaptEncoder } from "../../../src/encoder/query-adapter.ts";
import { loadVectorSet } from "../../../training/artifacts/vector-set.ts";
import { loadEncoder } from "../../../training/encoder/load-encoder.ts";
import { readQueryAdapter } from "../../../training/encoder/read-query-adapter.ts";
import { cachedQueryVectors } from "../../../training/eval/cached-encodings.ts";
import { comparePairs } from "../../../training/eval/compare-pairs.ts";
import type { PairComparison } from "../../../training/eval/compare-pairs.ts";
import type { RunEvaluation } from "../../../training/eval/evaluate-run.ts";
import { encodeCorpus } from "../../../training/indexing/encode-corpus.ts";
import { train } from "../../../training/trainer/train.ts";
import type { TrainResult } from "../../../training/trainer/train.ts";
import { resolveTrainingOptions } from "../../../training/trainer/training-options.ts";
import { compareWithTorch } from "./compare-with-torch.ts";
import type { Experiment } from "./experiments.ts";
import { encodeRows, pickRows, testPool } from "./test-pool.ts";
import type { Searched } from "./test-pool.ts";
import { meanOf, testScores } from "./test-scores.ts";
import type { TorchRun } from "./torch-run.ts";
import { writeTrainingFiles } from "./training-files.ts";
import type { Workshop } from "./workshop.ts";

const SETTINGS = { maxPassageLength: 128 } as const;

export interface ExperimentResult {
  readonly base: number;
  readonly trained: number;
  readonly comparison: PairComparison;
  /** PyTorch's result from the same weights and data; undefined where there is no PyTorch. */
  readonly pytorch: (Omit<TorchRun, "queries" | "pool"> & { readonly trained: number }) | undefined;
  /** Ours against PyTorch's, over the same test questions. */
  readonly againstPytorch: PairComparison | undefined;
  readonly run: TrainResult;
  readonly questions: { readonly train: number; readonly dev: number };
  /** Folder with `metrics.jsonl`. */
  readonly output: string;
}

/** Trains by us and by PyTorch, then measures base and results on the test questions. What is finished is not done again. */
export async function runExperiment(
  name: string,
  experiment: Experiment,
  { python, workshop }: { readonly python: string; readonly workshop: Workshop },
): Promise<ExperimentResult> {
  const { data, work, encoderFolder, threads, progress, signal } = workshop;
  const dataSet = path.join(data, experiment.set);
  const base = await loadEncoder(encoderFolder, { threads, ...SETTINGS });
  const vectorsFolder = path.join(work, "vectors", experiment.vectors);
  if (!existsSync(path.join(vectorsFolder, "vectors.meta.json"))) {
    const corpus = path.join(dataSet, "corpus.jsonl");
    await encodeCorpus({ corpus, output: vectorsFolder, encoder: base, progress, signal });
  }
  const vectors = await loadVectorSet(vectorsFolder);
  const questions = await experiment.questions(data);
  const { test } = questions;
  const folder = path.join(work, name);
  const files = await writeTrainingFiles({ ...workshop, folder, dataSet, questions, vectors, encoder: base });
  const output = path.join(folder, "run");
  const places = { output, encoder: encoderFolder, vectors: vectorsFolder, corpus: path.join(dataSet, "corpus.jsonl") };
  const options = resolveTrainingOptions({ ...experiment.options, ...files, ...SETTINGS, ...places, threads }, {});
  const run = await train({ ...workshop, options, overwrite: true });
  const trained = await openTrained(run.result, base, threads);
  const pool = experiment.testPassages === undefined ? undefined : testPool(vectors, test, experiment.testPassages);
  const searchedBy = (passages?: Float32Array): Searched =>
    pool === undefined ? vectors : pickRows(vectors, pool, passages);
  const scoresOf = async (encoder: Encoder, searched: Searched): Promise<RunEvaluation> => {
    const queries = await cachedQueryVectors(test.queries, { ...workshop, encoder, runtime: "node" });
    return await testScores({ test, queries, searched, threads });
  };
  const encoded =
    pool === undefined ? undefined : await encodeRows({ encoder: trained, vectors, rows: pool, dataSet, workshop });
  const [before, after] = [await scoresOf(base, searchedBy()), await scoresOf(trained, searchedBy(encoded))];
  const given = { python, options, files, questions, base, vectors, vectorsFolder, dataSet, pool, workshop };
  const torch = await compareWithTorch({ ...given, folder: path.join(folder, "torch") });
  const theirs =
    torch === undefined
      ? undefined
      : await testScores({ test, queries: torch.queries, searched: searchedBy(torch.pool), threads });
  return {
    base: meanOf(before),
    trained: meanOf(after),
    comparison: compare(name, after, before),
    pytorch: torch === undefined || theirs === undefined ? undefined : { ...factsOf(torch), trained: meanOf(theirs) },
    againstPytorch: theirs === undefined ? undefined : compare(`${name}, PyTorch`, after, theirs),
    run,
    questions: { train: questions.train.queries.length, dev: questions.dev.queries.length },
    output,
  };
}

function factsOf({ best, curve, seconds, torch }: TorchRun): Omit<TorchRun, "queries" | "pool"> {
  return { best, curve, seconds, torch };
}

function compare(name: string, ours: RunEvaluation, theirs: RunEvaluation): PairComparison {
  const [comparison] = comparePairs([{ name, ours: ours.perQuery, theirs: theirs.perQuery }]);
  if (comparison === undefined) {
    throw new TypeError("the two have no measure in common");
  }
  return comparison;
}

async function openTrained(result: string, base: Encoder, threads: number): Promise<Encoder> {
  return result.endsWith(".safetensors")
    ? adaptEncoder(base, await readQueryAdapter(result))
    : await loadEncoder(result, { threads });
}
