import { existsSync } from "node:fs";
import path from "node:path";
import type { Encoder } from "../../../src/encoder/encoder.ts";
import { DEFAULT_FUSION } from "../../../src/retrieval/fusion.ts";
import { writeFileAtomic } from "../../../training/artifacts/atomic-file.ts";
import { loadEvaluationSet } from "../../../training/artifacts/beir.ts";
import type { EvaluationSet } from "../../../training/artifacts/beir.ts";
import { readTrecRun, toTrecRun } from "../../../training/artifacts/trec.ts";
import type { Run } from "../../../training/artifacts/trec.ts";
import { loadEncoder } from "../../../training/encoder/load-encoder.ts";
import { readQueryAdapter } from "../../../training/encoder/read-query-adapter.ts";
import { cachedQueryVectors } from "../../../training/eval/cached-encodings.ts";
import { openCachedFullText } from "../../../training/eval/cached-full-text.ts";
import { evaluateRun } from "../../../training/eval/evaluate-run.ts";
import type { RunEvaluation } from "../../../training/eval/evaluate-run.ts";
import { parseMeasure } from "../../../training/eval/measures.ts";
import type { ProductSearch } from "../../../training/eval/product-search.ts";
import { fuseRuns, lexicalRun } from "../../../training/eval/runs.ts";
import type { OpenedSet } from "./open-set.ts";
import type { InCorpusPart } from "./sets.ts";
import { DEPTH } from "./workshop.ts";
import type { Workshop } from "./workshop.ts";

const MEASURES = ["nDCG@10", "Recall@100", "AnswerMatch@1", "AnswerMatch@5"].map(parseMeasure);

export type MeasuredLeg = "dense" | "hybrid";
export type MeasuredLegs = Readonly<Record<MeasuredLeg, RunEvaluation>>;

/** Measures query encoders and adapters on parts of a set's questions. */
export interface PartMeter {
  readonly part: InCorpusPart;
  readonly questions: number;
  /** By the base alone, or with what was trained: an adapter file or an encoder folder. */
  measure(trained: string | undefined): Promise<MeasuredLegs>;
}

/**
 * Opens a part. Of a `…-seen` part, only questions about a passage that a training question is about, by judgments: it is the same
 * questions for all conditions. Undefined when none are left.
 */
export async function openPart(
  set: OpenedSet,
  part: InCorpusPart,
  workshop: Workshop & { readonly search: ProductSearch },
): Promise<PartMeter | undefined> {
  const questions = await questionsOf(set, part);
  if (questions.queries.length === 0) {
    return undefined;
  }
  const vectorsBy = (encoder: Encoder): Promise<readonly Float32Array[]> =>
    cachedQueryVectors(questions.queries, {
      ...workshop,
      encoder,
      runtime: "node",
      cache: path.join(workshop.work, "cache"),
    });
  const base = await vectorsBy(set.encoder);
  const lexical = await cachedLexicalRun(set, { part, questions, workshop });
  const texts = new Map(set.corpus.passages.map(({ id, title, text }) => [id, `${title} ${text}`]));
  const score = (run: Run): RunEvaluation =>
    evaluateRun({ run, set: questions, measures: MEASURES, passageText: (id) => texts.get(id) });
  return {
    part,
    questions: questions.queries.length,
    async measure(trained) {
      const embeddings = trained === undefined ? base : await adapted(trained, { base, vectorsBy, workshop });
      const found = await workshop.search.search(embeddings, DEPTH);
      const dense: Run = new Map(
        questions.queries.map(({ id }, index) => [
          id,
          (found[index] ?? []).map(({ index: row, score: of }) => ({ id: set.vectors.ids[row] ?? "", score: of })),
        ]),
      );
      const { similarity } = set.vectors.facts;
      const fused = fuseRuns({ dense, lexical, similarity, depth: DEPTH, fusion: DEFAULT_FUSION, topK: DEPTH });
      return { dense: score(dense), hybrid: score(fused) };
    },
  };
}

async function questionsOf(set: OpenedSet, part: InCorpusPart): Promise<EvaluationSet> {
  let all: EvaluationSet;
  try {
    all = await loadEvaluationSet(set.folder, part);
  } catch {
    return { queries: [], qrels: new Map() }; // the set has no such part
  }
  if (!part.endsWith("-seen")) {
    return all;
  }
  const seen = new Set(set.labelled.queries.flatMap(({ id }) => [...(set.labelled.qrels.get(id)?.keys() ?? [])]));
  const isSeen = (id: string): boolean => [...(all.qrels.get(id)?.keys() ?? [])].some((passage) => seen.has(passage));
  return { queries: all.queries.filter(({ id }) => isSeen(id)), qrels: all.qrels };
}

interface AdaptedOptions {
  readonly base: readonly Float32Array[];
  readonly vectorsBy: (encoder: Encoder) => Promise<readonly Float32Array[]>;
  readonly workshop: Workshop;
}

async function adapted(
  trained: string,
  { base, vectorsBy, workshop }: AdaptedOptions,
): Promise<readonly Float32Array[]> {
  if (trained.endsWith(".safetensors")) {
    const adapter = await readQueryAdapter(trained);
    return base.map((vector) => adapter.apply(vector));
  }
  return await vectorsBy(await loadEncoder(trained, { threads: workshop.threads }));
}

interface LexicalOptions {
  readonly part: InCorpusPart;
  readonly questions: EvaluationSet;
  readonly workshop: Workshop;
}

/** The full-text leg knows nothing of what is trained: once a part, for all its questions. */
async function cachedLexicalRun(set: OpenedSet, { part, questions, workshop }: LexicalOptions): Promise<Run> {
  const { work, progress, signal } = workshop;
  const file = path.join(work, set.name, `lexical-${part}.trec`);
  if (!existsSync(file)) {
    const { queries } = await loadEvaluationSet(set.folder, part);
    const { file: corpusFile, passages } = set.corpus;
    const text = await openCachedFullText({ cache: path.join(work, "cache"), corpusFile, passages, progress, signal });
    const run = await lexicalRun({ search: text.search, queries, depth: DEPTH, progress, signal });
    text.close();
    await writeFileAtomic(file, toTrecRun(run, "lexical"));
  }
  const all = await readTrecRun(file);
  return new Map(questions.queries.map(({ id }) => [id, all.get(id) ?? []]));
}
