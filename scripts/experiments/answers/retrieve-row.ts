import type { Encoder } from "../../../src/encoder/encoder.ts";
import { adaptEncoder } from "../../../src/encoder/query-adapter.ts";
import { DEFAULT_FUSION } from "../../../src/retrieval/fusion.ts";
import type { PromptPassage } from "../../../training/answering/protocol.ts";
import type { Question } from "../../../training/answering/question.ts";
import type { CorpusPassage } from "../../../training/artifacts/beir.ts";
import type { Run } from "../../../training/artifacts/trec.ts";
import { loadEncoder } from "../../../training/encoder/load-encoder.ts";
import { readQueryAdapter } from "../../../training/encoder/read-query-adapter.ts";
import { joinLegs, retrieveLegs } from "../../../training/eval/retrieve-legs.ts";
import type { Progress, ProgressOptions } from "../../../training/progress.ts";
import type { AnswerRow } from "./rows.ts";

/** Passages of the corpus were encoded so. */
const PASSAGE_TOKENS = 128;

/** Passages of each leg that are joined. */
const FUSED_DEPTH = 100;

export interface RetrieveRowOptions {
  readonly corpusFile: string;
  readonly passages: readonly CorpusPassage[];
  /** Folder with those of the corpus. */
  readonly vectors: string;
  /** Folder of the base. */
  readonly encoder: string;
  readonly cache: string;
  /** Passages a question. */
  readonly depth: number;
  readonly threads: number;
  readonly progress: (options: ProgressOptions) => Progress;
  readonly signal: AbortSignal;
}

/** The passages that a row finds for each question. */
export async function retrieveRow(
  { retrieval, trained }: AnswerRow,
  questions: readonly Question[],
  options: RetrieveRowOptions,
): Promise<Run> {
  if (retrieval === "none") {
    return new Map(questions.map(({ id }) => [id, []]));
  }
  const { depth } = options;
  const legs = await retrieveLegs({
    ...options,
    depth: retrieval === "hybrid" ? FUSED_DEPTH : depth,
    mode: retrieval,
    queries: questions.map((question) => ({ id: question.id, text: searchText(question) })),
    loadEncoder: () => openQuerySide(trained, options),
    runtime: "node",
  });
  return joinLegs(legs, { mode: retrieval, fusion: DEFAULT_FUSION, topK: depth });
}

/** What is searched for: the question, and its options, without which many a multiple choice says nothing. */
function searchText({ text, choices }: Question): string {
  return [text, ...(choices?.options ?? [])].join("\n");
}

async function openQuerySide(
  trained: string | undefined,
  { encoder: base, threads }: RetrieveRowOptions,
): Promise<Encoder> {
  const isAdapter = trained?.endsWith(".safetensors") === true;
  const encoder = await loadEncoder(trained === undefined || isAdapter ? base : trained, {
    threads,
    maxPassageLength: PASSAGE_TOKENS,
  });
  return isAdapter ? adaptEncoder(encoder, await readQueryAdapter(trained)) : encoder;
}

/** The first passages of a run for one question, with their texts. */
export function readPassages(run: Run, { question, documents, texts }: ReadPassagesOptions): readonly PromptPassage[] {
  return (run.get(question.id) ?? []).slice(0, documents).flatMap(({ id }) => texts.get(id) ?? []);
}

export interface ReadPassagesOptions {
  readonly question: Question;
  readonly documents: number;
  readonly texts: ReadonlyMap<string, PromptPassage>;
}
