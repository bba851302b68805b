import path from "node:path";
import { readCorpus, readQueries } from "../../../training/artifacts/beir.ts";
import type { CorpusPassage } from "../../../training/artifacts/beir.ts";
import { seededRandom } from "../../../training/seeded-random.ts";

export interface Texts {
  readonly passages: readonly CorpusPassage[];
  readonly queries: readonly { readonly id: string; readonly text: string }[];
}

export interface TextCounts {
  readonly passages: number;
  readonly queries: number;
}

/** Passages of BEIR folders, one folder after the other until there are enough, and the questions of the first of them. */
export async function textsOf(folders: readonly string[], counts: TextCounts): Promise<Texts> {
  const passages: CorpusPassage[] = [];
  for (const [index, folder] of folders.entries()) {
    for await (const passage of readCorpus(path.join(folder, "corpus.jsonl"))) {
      if (passages.length < counts.passages) {
        passages.push({ ...passage, id: `${index}-${passage.id}` });
      }
    }
  }
  const queries: Texts["queries"][number][] = [];
  for await (const { id, text } of readQueries(path.join(folders[0] ?? "", "queries.jsonl"))) {
    if (queries.length < counts.queries) {
      queries.push({ id, text });
    }
  }
  return { passages, queries };
}

const VOCABULARY = 50_000;
const PASSAGE_WORDS = 100;
const QUERY_WORDS = 7;

/** Words drawn as often as natural text draws them: the one of rank r with probability in proportion to 1/r. */
export function madeUpTexts(counts: TextCounts): Texts {
  const random = seededRandom(1);
  // The inverse of the cumulated 1/r, which grows as the logarithm.
  const word = (): string => `w${Math.floor(VOCABULARY ** random()).toString(36)}`;
  const text = (words: number): string => Array.from({ length: words }, word).join(" ");
  return {
    passages: Array.from({ length: counts.passages }, (_, index) => ({
      id: `p${index}`,
      title: text(3),
      text: text(PASSAGE_WORDS),
      url: "",
      documentId: `p${index}`,
      metadata: {},
    })),
    queries: Array.from({ length: counts.queries }, (_, index) => ({ id: `q${index}`, text: text(QUERY_WORDS) })),
  };
}
