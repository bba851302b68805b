import { loadQuestions } from "../../../training/answering/question.ts";
import type { Question } from "../../../training/answering/question.ts";
import { readAllQrels } from "../../../training/artifacts/beir.ts";
import { hashFraction } from "../../../training/artifacts/hash-split.ts";
import { readTrainingExamples } from "../../../training/artifacts/training-examples.ts";
import type { AnswerPart } from "./sets.ts";

export interface LoadPartOptions {
  /** Questions at most, the first by a hash of their ids: fewer are a part of more. */
  readonly limit: number;
  /** Passages that training saw; undefined: unknown, all questions stay. */
  readonly seen: ReadonlySet<string> | undefined;
}

/** The questions of a part in the order of their hashes. */
export async function loadPart(
  folder: string,
  { split, where, isSeen = false }: AnswerPart,
  { limit, seen }: LoadPartOptions,
): Promise<Question[]> {
  const all = await loadQuestions(folder, { split, where });
  const kept = isSeen && seen !== undefined ? await aboutSeen(all, { folder, seen }) : all;
  return kept.toSorted((a, b) => hashFraction(a.id) - hashFraction(b.id)).slice(0, limit);
}

async function aboutSeen(
  questions: readonly Question[],
  { folder, seen }: { readonly folder: string; readonly seen: ReadonlySet<string> },
): Promise<readonly Question[]> {
  const qrels = await readAllQrels(folder);
  return questions.filter(({ id }) => [...(qrels.get(id)?.keys() ?? [])].some((passage) => seen.has(passage)));
}

/** Ids of the positives of a training file. */
export async function readSeenPassages(
  file: string,
  corpusIds: { has(id: string): boolean },
): Promise<ReadonlySet<string>> {
  const seen = new Set<string>();
  for await (const { positives } of readTrainingExamples(file, corpusIds)) {
    for (const { passageId } of positives) {
      seen.add(passageId);
    }
  }
  return seen;
}
