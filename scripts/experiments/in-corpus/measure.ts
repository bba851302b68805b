import { existsSync } from "node:fs";
import path from "node:path";
import type { Encoder } from "../../../src/encoder/encoder.ts";
import { DEFAULT_FUSION } from "../../../src/retrieval/fusion.ts";
import type { FusionSettings } from "../../../src/retrieval/types.ts";
import { writeFileAtomic } from "../../../training/artifacts/atomic-file.ts";
import type { EvaluationSet } from "../../../training/artifacts/beir.ts";
import { sha256Hex } from "../../../training/artifacts/meta.ts";
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
import { joinLegs } from "../../../training/eval/retrieve-legs.ts";
import type { RetrievedLegs } from "../../../training/eval/retrieve-legs.ts";
import { lexicalRun } from "../../../training/eval/runs.ts";
import type { InCorpusPart } from "../../../training/reproduction/in-corpus/sets.ts";
import type { OpenedCorpus } from "./open-set.ts";
import type { PartQuestions } from "./part-questions.ts";
import { DEPTH } from "./workshop.ts";
import type { Workshop } from "./workshop.ts";

const MEASURES = ["nDCG@10", "Recall@100", "AnswerMatch@1", "AnswerMatch@5"].map(parseMeasure);

/** `hybrid`: by the default fusion. `fitted`: by one that was fitted for these query vectors on development questions. */
export type MeasuredLeg = "dense" | "hybrid" | "fitted";
export type MeasuredLegs = Readonly<Record<"dense" | "hybrid", RunEvaluation>> & { readonly fitted?: RunEvaluation };

/** Measures query encoders and adapters on parts of a set's questions. */
export interface PartMeter {
  readonly part: InCorpusPart;
  readonly questions: number;
  readonly set: EvaluationSet;
  /** Both legs by the base alone, or with what was trained. */
  retrieve(trained: Trained | undefined): Promise<BothLegs>;
  /** `fitted` is undefined where nothing was fitted. */
  measure(legs: BothLegs, fitted: FusionSettings | undefined): MeasuredLegs;
}

export type BothLegs = Required<Pick<RetrievedLegs, "dense" | "lexical">> & RetrievedLegs;

export interface Trained {
  /** An adapter file or an encoder folder. */
  readonly result: string;
  /** Over the corpus as the trained encoder has it; absent where the base's vectors stay. */
  readonly search?: ProductSearch | undefined;
}

export interface OpenPartOptions {
  readonly workshop: Workshop;
  /** Over the corpus' vectors. */
  readonly search: ProductSearch;
}

/** Opens a part of a set for measuring. Undefined when it has no such questions. */
export async function openPart(
  { corpus, part, measured, all }: PartQuestions,
  { workshop, search }: OpenPartOptions,
): Promise<PartMeter | undefined> {
  if (measured.queries.length === 0) {
    return undefined;
  }
  const { vectors } = corpus;
  const vectorsBy = (encoder: Encoder): Promise<readonly Float32Array[]> =>
    cachedQueryVectors(measured.queries, {
      ...workshop,
      encoder,
      runtime: "node",
      cache: path.join(workshop.work, "cache"),
    });
  const base = await vectorsBy(corpus.encoder);
  const whole = await cachedLexicalRun(all, { corpus, workshop });
  const lexical: Run = new Map(measured.queries.map(({ id }) => [id, whole.get(id) ?? []]));
  const texts = new Map(corpus.passages.map(({ id, title, text }) => [id, `${title} ${text}`]));
  const score = (run: Run): RunEvaluation =>
    evaluateRun({ run, set: measured, measures: MEASURES, passageText: (id) => texts.get(id) });
  return {
    part,
    questions: measured.queries.length,
    set: measured,
    async retrieve(trained) {
      const embeddings = trained === undefined ? base : await adapted(trained.result, { base, vectorsBy, workshop });
      const found = await (trained?.search ?? search).search(embeddings, DEPTH);
      const dense: Run = new Map(
        measured.queries.map(({ id }, index) => [
          id,
          (found[index] ?? []).map(({ index: row, score: of }) => ({ id: vectors.ids[row] ?? "", score: of })),
        ]),
      );
      return { dense, lexical, similarity: vectors.facts.similarity, depth: DEPTH };
    },
    measure(legs, fitted) {
      const hybrid = (fusion: FusionSettings): RunEvaluation =>
        score(joinLegs(legs, { mode: "hybrid", fusion, topK: DEPTH }));
      return {
        dense: score(legs.dense),
        hybrid: hybrid(DEFAULT_FUSION),
        ...(fitted === undefined ? {} : { fitted: hybrid(fitted) }),
      };
    },
  };
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
  readonly corpus: OpenedCorpus;
  readonly workshop: Workshop;
}

/** The full-text leg knows nothing of what is trained: once a part, for all its questions. */
async function cachedLexicalRun({ queries }: EvaluationSet, { corpus, workshop }: LexicalOptions): Promise<Run> {
  const { work, progress, signal } = workshop;
  const cache = path.join(work, "cache");
  const { file: corpusFile, passages, vectors } = corpus;
  const ids = queries.map(({ id }) => id).join("\n");
  const file = path.join(cache, `lexical-${sha256Hex(`${vectors.facts.vectorsSha256}\n${ids}`)}.trec`);
  if (!existsSync(file)) {
    const text = await openCachedFullText({ cache, corpusFile, passages, progress, signal });
    const run = await lexicalRun({ search: text.search, queries, depth: DEPTH, progress, signal });
    text.close();
    await writeFileAtomic(file, toTrecRun(run, "lexical"));
  }
  return await readTrecRun(file);
}
