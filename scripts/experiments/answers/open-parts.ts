import path from "node:path";
import type { PromptPassage } from "../../../training/answering/protocol.ts";
import type { Question } from "../../../training/answering/question.ts";
import { loadCorpus } from "../../../training/artifacts/beir.ts";
import type { Run } from "../../../training/artifacts/trec.ts";
import { loadPart, readSeenPassages } from "./load-part.ts";
import { retrieveRow } from "./retrieve-row.ts";
import type { RetrieveRowOptions } from "./retrieve-row.ts";
import type { AnswerRow } from "./rows.ts";
import type { AnswerPart, AnswerSet } from "./sets.ts";

/** Questions, and what each row found for them. */
export interface OpenedPart {
  readonly name: string;
  readonly questions: readonly Question[];
  readonly runs: ReadonlyMap<string, Run>;
}

/** A set's corpus, ready to be searched. */
export interface OpenedSet {
  readonly texts: ReadonlyMap<string, PromptPassage>;
  /** The first questions of a part by their hashes, at most `limit`, and what the rows find. */
  readonly openPart: (part: AnswerPart, rows: readonly AnswerRow[], limit: number) => Promise<OpenedPart>;
}

export interface OpenSetOptions extends Omit<RetrieveRowOptions, "corpusFile" | "passages" | "vectors" | "cache"> {
  /** Folder with the data sets. */
  readonly data: string;
  /** Folder of `in-corpus.ts`. */
  readonly work: string;
  /** Training file; see `AnswerPart.isSeen`. */
  readonly seen: string | undefined;
}

/** Reads the corpus of a set. */
export async function openSet(set: AnswerSet, options: OpenSetOptions): Promise<OpenedSet> {
  const { data, work } = options;
  const corpusFile = path.join(data, set.corpus, "corpus.jsonl");
  const folder = path.join(set.questions.below === "data" ? data : work, set.questions.folder);
  const passages = await loadCorpus(corpusFile);
  const texts = new Map(passages.map((passage) => [passage.id, passage]));
  const seen = options.seen === undefined ? undefined : await readSeenPassages(options.seen, texts);
  const vectors = path.join(work, set.vectors);
  const retrieval = { ...options, corpusFile, passages, vectors, cache: path.join(work, "cache") };
  return {
    texts,
    openPart: async (part, rows, limit) => {
      const questions = await loadPart(folder, part, { limit, seen });
      const runs = new Map<string, Run>();
      for (const row of rows) {
        runs.set(row.name, await retrieveRow(row, questions, retrieval));
      }
      return { name: part.name, questions, runs };
    },
  };
}
