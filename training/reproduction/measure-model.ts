import { existsSync } from "node:fs";
import path from "node:path";
import { DEMO_VECTORS } from "../../scripts/demo-corpus/demo-data.ts";
import type { Encoder } from "../../src/encoder/encoder.ts";
import { adaptEncoder } from "../../src/encoder/query-adapter.ts";
import { DEFAULT_FUSION } from "../../src/retrieval/fusion.ts";
import { AppError } from "../../src/shared/errors.ts";
import { loadCorpus } from "../artifacts/beir.ts";
import { loadVectorSet } from "../artifacts/vector-set.ts";
import { loadEncoder } from "../encoder/load-encoder.ts";
import { readQueryAdapter } from "../encoder/read-query-adapter.ts";
import { cachedPassageFolder } from "../eval/cached-encodings.ts";
import { evaluateRun } from "../eval/evaluate-run.ts";
import { parseMeasure } from "../eval/measures.ts";
import { joinLegs, retrieveLegs } from "../eval/retrieve-legs.ts";
import type { Progress, ProgressOptions } from "../progress.ts";
import { makeDemoSet } from "./demo-set.ts";
import type { ExpectedCell, ExpectedModel } from "./expected-values.ts";
import { IN_CORPUS_SETS } from "./in-corpus/sets.ts";
import { writeQuestions } from "./in-corpus/write-questions.ts";
import { DEMO_SETS, IN_CORPUS_TESTS, loadJudgedSet } from "./judged-sets.ts";
import type { JudgedSet } from "./judged-sets.ts";

/** Passages that each leg finds, and that are kept of both: Recall@100 needs them. */
const DEPTH = 100;

/** What is measured: an encoder of queries, perhaps with an adapter, over the passages of another or the same. */
export interface MeasuredModel extends Pick<ExpectedModel, "queries" | "adapter" | "passages"> {
  readonly cells: readonly ExpectedCell[];
  /** Tokens at which passages are cut; default the manifest's. */
  readonly maxPassageLength?: number;
}

export interface MeasureModelOptions {
  /** Paths of a model are relative to it. */
  readonly project: string;
  /** By the names that cells use. */
  readonly sets: Readonly<Record<string, JudgedSet>>;
  /** Folder with the data sets; undefined: only sets of the demo are measured. */
  readonly data: string | undefined;
  /** Folder with vectors of `aar encode`, named as the corpora; what it lacks is encoded and cached. */
  readonly vectors: string | undefined;
  readonly cache: string;
  /** Questions of a set at most. */
  readonly questions: number;
  readonly threads: number;
  readonly progress: (options: ProgressOptions) => Progress;
  readonly signal: AbortSignal;
}

/** Means by cell, as `cellKey` names them; undefined when the set's folder is not there. */
export type Measured = ReadonlyMap<string, number | undefined>;

export function cellKey({ set, mode, measure }: Omit<ExpectedCell, "value">): string {
  return `${set} ${mode} ${measure}`;
}

/** Searches and measures all cells of one model, each set once. Encodings are cached: a second run takes minutes less. */
export async function measureModel(model: MeasuredModel, options: MeasureModelOptions): Promise<Measured> {
  const bySet = Map.groupBy(model.cells, ({ set }) => set);
  const measured = new Map<string, number | undefined>();
  for (const [set, cells] of bySet) {
    const means = await measureSet(set, { model, cells, options });
    for (const cell of cells) {
      measured.set(cellKey(cell), means?.get(cellKey(cell)));
    }
  }
  return measured;
}

interface SetJob {
  readonly model: MeasuredModel;
  readonly cells: readonly ExpectedCell[];
  readonly options: MeasureModelOptions;
}

async function measureSet(
  name: string,
  { model, cells, options }: SetJob,
): Promise<ReadonlyMap<string, number> | undefined> {
  const { questions, sets } = options;
  const judged = sets[name];
  if (judged === undefined) {
    throw new AppError("invalid_request", `no set is named "${name}"; there are ${Object.keys(sets).join(", ")}`);
  }
  const found = await findSet(name, judged, options);
  if (found === undefined) {
    return undefined;
  }
  const corpusFile = path.join(found.data, judged.corpus, "corpus.jsonl");
  const passages = await loadCorpus(corpusFile);
  const texts = new Map(passages.map(({ id, title, text }) => [id, `${title} ${text}`]));
  const set = await loadJudgedSet(found.data, judged, questions);
  const isLexical = cells.every(({ mode }) => mode === "lexical");
  const legs = await retrieveLegs({
    mode: isLexical ? "lexical" : "hybrid",
    corpusFile,
    passages,
    queries: set.queries,
    depth: DEPTH,
    loadEncoder: () => openQuerySide(model, options),
    runtime: "node",
    vectors: isLexical ? undefined : await passageVectors(model, { given: found.vectors, corpusFile, options }),
    cache: options.cache,
    progress: options.progress,
    signal: options.signal,
  });
  return new Map(
    cells.map((cell) => {
      const run = joinLegs(legs, { mode: cell.mode, fusion: DEFAULT_FUSION, topK: DEPTH });
      const measures = [parseMeasure(cell.measure)];
      const { means } = evaluateRun({ run, set, measures, passageText: (id) => texts.get(id) });
      return [cellKey(cell), means[0]?.mean ?? 0];
    }),
  );
}

interface FoundSet {
  /** Folder with the set's folder. */
  readonly data: string;
  /** Where vectors of its passages may be. */
  readonly vectors: string | undefined;
}

/** Undefined when the folder of the set is not there. */
async function findSet(
  name: string,
  { corpus }: JudgedSet,
  { data, vectors, cache }: MeasureModelOptions,
): Promise<FoundSet | undefined> {
  if (Object.hasOwn(DEMO_SETS, name)) {
    const made = path.join(cache, "demo");
    await makeDemoSet(path.join(made, corpus));
    return { data: made, vectors: DEMO_VECTORS };
  }
  if (data === undefined || !existsSync(path.join(data, corpus, "corpus.jsonl"))) {
    return undefined;
  }
  const known = vectors === undefined ? undefined : path.join(vectors, corpus);
  return { data: await cutWhereNeeded(name, { data, cache }), vectors: known };
}

/** The folder with a set's folder: `data`, or one with its questions cut anew, in which they have other splits. */
async function cutWhereNeeded(
  name: string,
  { data, cache }: { readonly data: string; readonly cache: string },
): Promise<string> {
  const own = Object.entries(IN_CORPUS_TESTS).find(([test]) => test === name)?.[1];
  if (own === undefined) {
    return data;
  }
  const cut = path.join(cache, "in-corpus");
  await writeQuestions({ set: IN_CORPUS_SETS[own.corpus], data, output: path.join(cut, own.corpus) });
  return cut;
}

async function openQuerySide(
  { queries, adapter, maxPassageLength }: MeasuredModel,
  { project, threads }: MeasureModelOptions,
): Promise<Encoder> {
  const encoder = await loadEncoder(path.resolve(project, queries), { threads, maxPassageLength });
  return adapter === undefined
    ? encoder
    : adaptEncoder(encoder, await readQueryAdapter(path.resolve(project, adapter)));
}

interface PassageVectorsOptions {
  /** Folder with vectors, if they are there and of the model. */
  readonly given: string | undefined;
  readonly corpusFile: string;
  readonly options: MeasureModelOptions;
}

/** A folder with the passages' vectors, which the query side may be too small to make. */
async function passageVectors(
  { passages, maxPassageLength }: MeasuredModel,
  { given, corpusFile, options }: PassageVectorsOptions,
): Promise<string> {
  const { project, cache, threads, progress, signal } = options;
  const encoder = await loadEncoder(path.resolve(project, passages), { threads, maxPassageLength });
  if (given !== undefined && existsSync(path.join(given, "vectors.meta.json"))) {
    if ((await loadVectorSet(given)).facts.encoderFingerprint === encoder.fingerprint) {
      return given;
    }
  }
  return await cachedPassageFolder(corpusFile, { cache, encoder, progress, signal });
}
