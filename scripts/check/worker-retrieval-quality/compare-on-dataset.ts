import path from "node:path";
import { DEFAULT_FUSION } from "../../../src/retrieval/fusion.ts";
import { RETRIEVAL_MODES, type RetrievalMode } from "../../../src/retrieval/types.ts";
import { type EvaluationSet, loadCorpus, loadEvaluationSet } from "../../../training/artifacts/beir.ts";
import type { Run } from "../../../training/artifacts/trec.ts";
import { vectorAt } from "../../../training/artifacts/vector-set.ts";
import { openEncoder } from "../../../training/commands/encoder-flags.ts";
import { cachedPassageVectors } from "../../../training/eval/cached-encodings.ts";
import { evaluateRun } from "../../../training/eval/evaluate-run.ts";
import { parseMeasure } from "../../../training/eval/measures.ts";
import { joinLegs, retrieveLegs } from "../../../training/eval/retrieve-legs.ts";
import { workerRun } from "../../../training/eval/worker-run.ts";
import { createAdminClient } from "../../../training/indexing/admin-client.ts";
import { uploadCollection } from "../../../training/indexing/upload-collection.ts";
import { createProgress, type Progress, type ProgressOptions } from "../../../training/progress.ts";

const MEASURE = "nDCG@10";
const CUTOFF = 10;
/** What hybrid takes from each leg in the Worker. */
const LEG_DEPTH = 100;
const CACHE = ".aar/cache";

export interface CompareOnDatasetOptions {
  /** BEIR-style folder. */
  readonly data: string;
  readonly split: string;
  /** Of a Worker with open admin routes. */
  readonly url: string;
  readonly runtime: "node" | "web";
}

/** nDCG@10 of one mode on one dataset, found in both ways. */
export interface Comparison {
  readonly dataset: string;
  readonly mode: RetrievalMode;
  readonly queries: number;
  readonly offline: number;
  readonly worker: number;
  /** Queries whose ten passages and their order agree. */
  readonly sameRanking: number;
}

/** Uploads the dataset's vectors to the Worker, asks it every judged question, and evaluates both rankings alike. */
export async function compareOnDataset({ data, split, url, runtime }: CompareOnDatasetOptions): Promise<Comparison[]> {
  const dataset = path.basename(path.resolve(data)).toLowerCase();
  const corpusFile = path.join(data, "corpus.jsonl");
  const passages = await loadCorpus(corpusFile);
  const set = await loadEvaluationSet(data, split);
  const judged = set.queries.filter(({ id }) => set.qrels.has(id));
  const { signal } = new AbortController();
  const progress = (options: ProgressOptions): Progress =>
    createProgress({ ...options, label: `${dataset} ${options.label}`, stream: process.stderr });
  const load = (engine: "node" | "web"): ReturnType<typeof openEncoder> => openEncoder({ runtime: engine }, engine);

  const encoder = await load("node");
  const vectors = await cachedPassageVectors(corpusFile, { cache: CACHE, encoder, progress, signal });
  await uploadCollection({
    url,
    collection: { name: dataset, ...vectors.facts, fusion: DEFAULT_FUSION },
    passages: passages.map((passage, index) => ({ ...passage, vector: vectorAt(vectors, index) })),
    count: passages.length,
    progress,
    signal,
  });

  const legs = await retrieveLegs({
    mode: "hybrid",
    corpusFile,
    passages,
    queries: judged,
    depth: LEG_DEPTH,
    loadEncoder: load,
    runtime,
    cache: CACHE,
    progress,
    signal,
  });
  const client = createAdminClient({ url, fetch, signal });
  const comparisons: Comparison[] = [];
  for (const mode of RETRIEVAL_MODES) {
    const offline = joinLegs(legs, { mode, fusion: DEFAULT_FUSION, topK: CUTOFF });
    const worker = await workerRun({ client, collection: dataset, mode, queries: judged, topK: CUTOFF, progress });
    comparisons.push({
      dataset,
      mode,
      queries: judged.length,
      offline: score(offline, set),
      worker: score(worker, set),
      sameRanking: judged.filter(({ id }) => rankingOf(offline, id) === rankingOf(worker, id)).length,
    });
  }
  return comparisons;
}

function score(run: Run, set: EvaluationSet): number {
  const { means } = evaluateRun({ run, set, measures: [parseMeasure(MEASURE)], passageText: () => undefined });
  const [mean] = means;
  if (mean === undefined) {
    throw new Error(`${MEASURE} applies to no query`);
  }
  return mean.mean;
}

function rankingOf(run: Run, queryId: string): string {
  return JSON.stringify((run.get(queryId) ?? []).map(({ id }) => id));
}
