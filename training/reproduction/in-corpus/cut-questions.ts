import type { QueryLine, Qrels } from "../../artifacts/beir.ts";
import { hashFraction } from "../../artifacts/hash-split.ts";
import { normalizeAnswer } from "../../eval/normalize-answer.ts";
import { dealQuestions } from "../../mining/deal-questions.ts";
import { IN_CORPUS_PARTS } from "./sets.ts";
import type { InCorpusPart, InCorpusSet } from "./sets.ts";

/** Of the hash that cuts a set's own training split; the one of passages and of `--limit` are others. */
const SEED = 2;

export interface CutQuestionsOptions {
  readonly cut: InCorpusSet["cut"];
  /** Ids must be of this set alone; `set` is wanted where the cut is by it. */
  readonly queries: readonly (Pick<QueryLine, "id" | "text" | "split"> & { readonly set?: string | undefined })[];
  readonly qrels: Qrels;
}

/**
 * The part of each question, a function of ids alone. Of questions with the same words in several parts only those of the
 * latest part stay, in the order of `IN_CORPUS_PARTS`: what is tested has been neither trained nor selected on.
 */
export function cutQuestions({ cut, queries, qrels }: CutQuestionsOptions): ReadonlyMap<string, InCorpusPart> {
  const dealt = deal({ cut, queries, qrels });
  const parts = queries.flatMap(({ id, text }) => {
    const part = dealt.get(id);
    return part === undefined ? [] : [{ id, words: normalizeAnswer(text), part }];
  });
  const latest = new Map<string, number>();
  for (const { words, part } of parts) {
    latest.set(words, Math.max(latest.get(words) ?? 0, IN_CORPUS_PARTS.indexOf(part)));
  }
  return new Map(
    parts.flatMap(({ id, words, part }) =>
      latest.get(words) === IN_CORPUS_PARTS.indexOf(part) ? [[id, part] as const] : [],
    ),
  );
}

function deal({ cut, queries, qrels }: CutQuestionsOptions): ReadonlyMap<string, InCorpusPart> {
  if (cut !== "by-passage" && "bySet" in cut) {
    return new Map(
      cut.bySet.flatMap(({ part, set, split, limit }) =>
        queries
          .filter((query) => query.set === set && query.split === split)
          .toSorted((a, b) => hashFraction(a.id) - hashFraction(b.id))
          .slice(0, limit)
          .map(({ id }) => [id, part] as const),
      ),
    );
  }
  const own: Readonly<Record<string, InCorpusPart>> = cut === "by-passage" ? {} : cut.own;
  const dealt =
    cut === "by-passage"
      ? dealQuestions({ questions: queries, qrels, by: "passage", shares: {}, seed: SEED })
      : dealQuestions({ questions: queries, qrels, by: "question", from: "train", shares: cut.shares, seed: SEED });
  return new Map(
    [...dealt].flatMap(([id, name]) => {
      const part = own[name] ?? IN_CORPUS_PARTS.find((known) => known === name);
      return part === undefined ? [] : [[id, part] as const];
    }),
  );
}
