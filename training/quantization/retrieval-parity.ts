import path from "node:path";
import type { Encoder } from "../../src/encoder/encoder.ts";
import { loadEvaluationSet } from "../artifacts/beir.ts";
import { cachedPassageVectors, cachedQueryVectors } from "../eval/cached-encodings.ts";
import { evaluateRun } from "../eval/evaluate-run.ts";
import { parseMeasure } from "../eval/measures.ts";
import { denseRun } from "../eval/runs.ts";
import type { Progress, ProgressOptions } from "../progress.ts";

/** nDCG@10 of exact dense retrieval on one test set, before and after quantisation. */
export interface RetrievalParity {
  /** Name of the folder. */
  readonly set: string;
  readonly split: string;
  readonly queries: number;
  readonly before: number;
  readonly after: number;
  /** (before - after) / before; negative when quantisation gained. */
  readonly relativeLoss: number;
}

export interface MeasureRetrievalOptions {
  readonly folder: string;
  readonly split: string;
  readonly before: Encoder;
  readonly after: Encoder;
  /** Made the passages that both search; undefined: each its own. */
  readonly passageEncoder?: Encoder | undefined;
  /** Of encodings, see `cachedPassageVectors`. */
  readonly cache: string;
  readonly progress: (options: ProgressOptions) => Progress;
  readonly signal: AbortSignal;
}

const MEASURE = "nDCG@10";
const DEPTH = 10;

/** Evaluates both encoders on a judged BEIR-style folder. */
export async function measureRetrieval(options: MeasureRetrievalOptions): Promise<RetrievalParity> {
  const { folder, split } = options;
  const before = await score(options.before, options);
  const after = await score(options.after, options);
  return {
    set: path.basename(path.resolve(folder)),
    split,
    queries: before.n,
    before: before.mean,
    after: after.mean,
    relativeLoss: before.mean === 0 ? 0 : (before.mean - after.mean) / before.mean,
  };
}

async function score(
  encoder: Encoder,
  { folder, split, passageEncoder = encoder, cache, progress, signal }: MeasureRetrievalOptions,
): Promise<{ readonly mean: number; readonly n: number }> {
  const set = await loadEvaluationSet(folder, split);
  const shared = { cache, progress, signal };
  const corpus = path.join(folder, "corpus.jsonl");
  const vectors = await cachedPassageVectors(corpus, { ...shared, encoder: passageEncoder });
  const embeddings = await cachedQueryVectors(set.queries, { ...shared, encoder, runtime: "node" });
  const run = await denseRun({ vectors, queries: set.queries, embeddings, depth: DEPTH, progress, signal });
  const { means } = evaluateRun({ run, set, measures: [parseMeasure(MEASURE)], passageText: () => undefined });
  const [measured] = means;
  return { mean: measured?.mean ?? 0, n: measured?.n ?? 0 };
}
