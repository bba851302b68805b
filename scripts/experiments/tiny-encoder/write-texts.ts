import { existsSync } from "node:fs";
import path from "node:path";
import { writeFileAtomic } from "../../../training/artifacts/atomic-file.ts";
import { loadCorpus, loadEvaluationSet } from "../../../training/artifacts/beir.ts";
import type { CorpusPassage } from "../../../training/artifacts/beir.ts";
import { hashFraction } from "../../../training/artifacts/hash-split.ts";
import { normalizeAnswer } from "../../../training/eval/normalize-answer.ts";
import { sentenceQuestions } from "../../../training/eval/sentence-questions.ts";
import { loadJudgedSet } from "../../../training/reproduction/judged-sets.ts";
import type { JudgedSet } from "../../../training/reproduction/judged-sets.ts";

/** Where questions to imitate come from: training splits alone. */
const TRAINING_SPLITS: readonly (readonly [corpus: string, split: string])[] = [
  ["wiki_all", "train"],
  ["bioasq_7b_11b", "train"],
  ["fairytaleqa", "train"],
  ["nfcorpus", "train"],
  ["medquad", "train"],
];
/** Where sentences come from. Not MS MARCO: it is for research only, and what is trained here is shipped. */
const CORPORA = [
  ...TRAINING_SPLITS.map(([corpus]) => corpus),
  "openstax_ccby",
  "squadshifts_amazon",
  "squadshifts_reddit",
  "vue_docs",
];
/** Held out whole: a passage that another corpus shares with one of these is not read either, nor is its title. */
const HELD_OUT = ["popqa", "msmarco_dl19_dl20"];

export interface WriteTextsOptions {
  readonly data: string;
  readonly output: string;
  /** Sentences of passages at most, one a passage, the first by a hash. */
  readonly sentences: number;
  /** Titles of passages at most, the first by a hash: queries are full of names. */
  readonly titles: number;
  /** Runs of a few words of other sentences at most, one a passage: what people type into a search box. */
  readonly spans: number;
  /** Sets that are measured on: none of their questions may be among the texts. */
  readonly measured: readonly JudgedSet[];
}

export interface TextCounts {
  readonly questions: number;
  readonly sentences: number;
  readonly titles: number;
  readonly spans: number;
}

/** Queries are short: of a longer sentence its beginning says as much about how to embed one, and costs less. */
const WORDS = 16;
const SPAN_WORDS = { min: 2, max: 9 } as const;

/** Writes plain texts, one a line: questions of training splits; sentences, titles and runs of words of passages. Returns how many of each. */
export async function writeTexts({
  data,
  output,
  sentences,
  titles,
  spans,
  measured,
}: WriteTextsOptions): Promise<TextCounts> {
  const there = (corpus: string): boolean => existsSync(path.join(data, corpus, "corpus.jsonl"));
  const questions: string[] = [];
  for (const [corpus, split] of TRAINING_SPLITS) {
    if (there(corpus)) {
      const { queries } = await loadEvaluationSet(path.join(data, corpus), split);
      questions.push(...queries.map(({ text }) => text));
    }
  }
  const read = async (names: readonly string[]): Promise<CorpusPassage[]> =>
    (await Promise.all(names.filter(there).map((name) => loadCorpus(path.join(data, name, "corpus.jsonl"))))).flat();
  const heldOut = new Set(
    (await read(HELD_OUT)).flatMap(({ title, text }) => [beginning(text), ...(title === "" ? [] : [title])]),
  );
  const passages = (await read(CORPORA)).filter(
    ({ title, text }) => !heldOut.has(title) && !heldOut.has(beginning(text)),
  );
  const chosen = sentenceQuestions({ passages, count: sentences, seed: 1 }).map(({ text }) => firstWords(text));
  const runs = sentenceQuestions({ passages, count: spans, seed: 2 }).map(({ id, text }) => spanOf(text, id));
  const names = [...new Set(passages.flatMap(({ title }) => (title === "" ? [] : [firstWords(title)])))]
    .toSorted((a, b) => hashFraction(a) - hashFraction(b))
    .slice(0, titles);
  const kept = new Set<string>();
  for (const set of measured) {
    if (there(set.corpus)) {
      const { queries } = await loadJudgedSet(data, set, Number.POSITIVE_INFINITY);
      for (const { text } of queries) {
        kept.add(normalizeAnswer(text));
      }
    }
  }
  const isFree = (text: string): boolean => !kept.has(normalizeAnswer(text));
  const [free, plain, short] = [[...new Set(questions.filter(isFree))], chosen.filter(isFree), runs.filter(isFree)];
  await writeFileAtomic(
    output,
    [...free, ...plain, ...names, ...short].map((text) => `${text.replaceAll(/\s+/gu, " ").trim()}\n`).join(""),
  );
  return { questions: free.length, sentences: plain.length, titles: names.length, spans: short.length };
}

/** What a passage is known again by, where two corpora cut it at different places. */
function beginning(text: string): string {
  return normalizeAnswer(text).slice(0, 80);
}

function firstWords(text: string): string {
  return text.split(/\s+/u).slice(0, WORDS).join(" ");
}

/** Some words in a row, how many and from where by the passage's id. */
function spanOf(text: string, id: string): string {
  const words = text.split(/\s+/u);
  const { min, max } = SPAN_WORDS;
  const length = Math.min(words.length, min + Math.floor(hashFraction(`span:${id}`, 1) * (max - min + 1)));
  const start = Math.floor(hashFraction(`span:${id}`, 2) * (words.length - length + 1));
  return words.slice(start, start + length).join(" ");
}
