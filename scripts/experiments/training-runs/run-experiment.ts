import { existsSync } from "node:fs";
import path from "node:path";
import type { Encoder } from "../../../src/encoder/encoder.ts";
import { adaptEncoder } from "../../../src/encoder/query-adapter.ts";
import type { EvaluationSet } from "../../../training/artifacts/beir.ts";
import { loadCorpus } from "../../../training/artifacts/beir.ts";
import { hashFraction } from "../../../training/artifacts/hash-split.ts";
import { loadVectorSet, vectorAt } from "../../../training/artifacts/vector-set.ts";
import type { VectorSet } from "../../../training/artifacts/vector-set.ts";
import { loadEncoder } from "../../../training/encoder/load-encoder.ts";
import { readQueryAdapter } from "../../../training/encoder/read-query-adapter.ts";
import { cachedQueryVectors } from "../../../training/eval/cached-encodings.ts";
import { comparePairs } from "../../../training/eval/compare-pairs.ts";
import type { PairComparison } from "../../../training/eval/compare-pairs.ts";
import { evaluateRun } from "../../../training/eval/evaluate-run.ts";
import type { RunEvaluation } from "../../../training/eval/evaluate-run.ts";
import { parseMeasure } from "../../../training/eval/measures.ts";
import { ProductSearch } from "../../../training/eval/product-search.ts";
import { encodeCorpus } from "../../../training/indexing/encode-corpus.ts";
import { train } from "../../../training/trainer/train.ts";
import type { TrainResult } from "../../../training/trainer/train.ts";
import { resolveTrainingOptions } from "../../../training/trainer/training-options.ts";
import { packRows } from "../../../training/trainer/vector-rows.ts";
import type { Experiment } from "./experiments.ts";
import { writeTrainingFiles } from "./training-files.ts";
import type { Workshop } from "./workshop.ts";

/** Passages are cut there, as for the figures of PyTorch. */
const PASSAGE_TOKENS = 128;

const MEASURE = "nDCG@10";

const SETTINGS = { maxPassageLength: PASSAGE_TOKENS } as const;

export interface ExperimentResult {
  readonly base: number;
  readonly trained: number;
  readonly comparison: PairComparison;
  readonly run: TrainResult;
  readonly questions: { readonly train: number; readonly dev: number };
  /** Folder with `metrics.jsonl`. */
  readonly output: string;
}

/** Trains, then measures base and result on the test questions. What is finished already is not done again. */
export async function runExperiment(
  name: string,
  experiment: Experiment,
  workshop: Workshop,
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
  const output = path.join(work, name);
  const files = await writeTrainingFiles({ ...workshop, folder: output, dataSet, questions, vectors, encoder: base });
  const options = resolveTrainingOptions(
    {
      ...experiment.options,
      ...files,
      ...SETTINGS,
      output: path.join(output, "run"),
      encoder: encoderFolder,
      vectors: vectorsFolder,
      corpus: path.join(dataSet, "corpus.jsonl"),
      threads,
    },
    {},
  );
  const run = await train({ ...workshop, options, overwrite: true });
  const trained = await openTrained(run.result, base, threads);
  const pool =
    experiment.testPassages === undefined
      ? { before: vectors, after: vectors }
      : await encodePool(trained, { vectors, test: questions.test, size: experiment.testPassages, dataSet, workshop });
  const [before, after] = [
    await testScores({ encoder: base, vectors: pool.before, test: questions.test, workshop }),
    await testScores({ encoder: trained, vectors: pool.after, test: questions.test, workshop }),
  ];
  const [comparison] = comparePairs([{ name, ours: after.perQuery, theirs: before.perQuery }]);
  if (comparison === undefined) {
    throw new TypeError("base and trained have no measure in common");
  }
  return {
    base: meanOf(before),
    trained: meanOf(after),
    comparison,
    run,
    questions: { train: questions.train.queries.length, dev: questions.dev.queries.length },
    output: options.output,
  };
}

async function openTrained(result: string, base: Encoder, threads: number): Promise<Encoder> {
  return result.endsWith(".safetensors")
    ? adaptEncoder(base, await readQueryAdapter(result))
    : await loadEncoder(result, { threads });
}

interface EncodePoolOptions {
  readonly vectors: VectorSet;
  readonly test: EvaluationSet;
  readonly size: number;
  readonly dataSet: string;
  readonly workshop: Workshop;
}

const PASSAGES_PER_CALL = 64;

/** Some passages of the corpus by the base and by the trained encoder: those that the test is about, others by hash. */
async function encodePool(
  encoder: Encoder,
  { vectors, test, size, dataSet, workshop }: EncodePoolOptions,
): Promise<{ readonly before: Searched; readonly after: Searched }> {
  const judged = new Set(test.queries.flatMap(({ id }) => [...(test.qrels.get(id)?.keys() ?? [])]));
  const rank = (id: string): number => (judged.has(id) ? -1 : hashFraction(id));
  const order = vectors.ids.map((id, row) => ({ id, row, rank: rank(id) })).toSorted((a, b) => a.rank - b.rank);
  const chosen = order.slice(0, Math.max(size, judged.size));
  const ids = chosen.map(({ id }) => id);
  const { dims } = vectors.facts;
  const before = packRows(
    chosen.map(({ row }) => vectorAt(vectors, row)),
    dims,
  );
  const corpus = new Map(
    (await loadCorpus(path.join(dataSet, "corpus.jsonl"))).map((passage) => [passage.id, passage]),
  );
  const texts = ids.flatMap((id) => corpus.get(id) ?? []);
  const progress = workshop.progress({ label: "encode", unit: "passages", total: texts.length });
  const encoded: Float32Array[] = [];
  for (let start = 0; start < texts.length; start += PASSAGES_PER_CALL) {
    const { embeddings } = await encoder.encodePassages(texts.slice(start, start + PASSAGES_PER_CALL));
    encoded.push(...embeddings);
    progress.advance(embeddings.length);
  }
  progress.finish();
  const { facts } = vectors;
  return {
    before: { facts, ids, matrix: before.matrix },
    after: { facts, ids, matrix: packRows(encoded, dims).matrix },
  };
}

type Searched = Pick<VectorSet, "facts" | "ids" | "matrix">;

interface TestScoresOptions {
  readonly encoder: Encoder;
  readonly vectors: Searched;
  readonly test: EvaluationSet;
  readonly workshop: Workshop;
}

async function testScores({ encoder, vectors, test, workshop }: TestScoresOptions): Promise<RunEvaluation> {
  const { cache, threads, progress, signal } = workshop;
  const { matrix, ids, facts } = vectors;
  const queries = await cachedQueryVectors(test.queries, { encoder, runtime: "node", cache, progress, signal });
  const search = await ProductSearch.open({ matrix, dims: facts.dims, similarity: facts.similarity, threads });
  const found = await search.search(queries, 100);
  await search.close();
  const run = new Map(
    test.queries.map(({ id }, index) => [
      id,
      (found[index] ?? []).map(({ index: row, score }) => ({ id: ids[row] ?? "", score })),
    ]),
  );
  return evaluateRun({ run, set: test, measures: [parseMeasure(MEASURE)], passageText: () => undefined });
}

function meanOf({ means }: RunEvaluation): number {
  return means[0]?.mean ?? 0;
}
