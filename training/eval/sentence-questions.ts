import { splitSentences } from "../../src/shared/sentences.ts";
import type { CorpusPassage } from "../artifacts/beir.ts";
import { hashFraction } from "../artifacts/hash-split.ts";
import type { Run } from "../artifacts/trec.ts";
import type { RetrievedLegs } from "./retrieve-legs.ts";

/** The part of a passage that sentences are taken from: what an encoder of 128 tokens sees. */
const SEEN_CHARACTERS = 700;
/** Of a sentence that can stand for a question. */
const WORDS = { min: 5, max: 40 } as const;

export interface SentenceQuestionsOptions {
  readonly passages: readonly CorpusPassage[];
  readonly count: number;
  readonly seed: number;
}

/** A sentence in place of a question; its id is that of the passage it was taken from. */
export interface SentenceQuestion {
  readonly id: string;
  readonly text: string;
}

/** One sentence each of so many passages, both chosen by hashes of ids: fewer are a part of more. */
export function sentenceQuestions({ passages, count, seed }: SentenceQuestionsOptions): SentenceQuestion[] {
  const order = passages
    .map((passage) => ({ passage, fraction: hashFraction(passage.id, seed) }))
    .toSorted((a, b) => a.fraction - b.fraction);
  const questions: SentenceQuestion[] = [];
  for (const { passage } of order) {
    if (questions.length === count) {
      break;
    }
    const sentences = splitSentences(passage.text.slice(0, SEEN_CHARACTERS)).filter(({ text }) => {
      const words = text.split(/\s+/u).length;
      return words >= WORDS.min && words <= WORDS.max;
    });
    const chosen = sentences[Math.floor(hashFraction(`sentence:${passage.id}`, seed) * sentences.length)];
    if (chosen !== undefined) {
      questions.push({ id: passage.id, text: chosen.text });
    }
  }
  return questions;
}

/** Runs without the passage that each sentence was taken from, which both legs find too easily. */
export function withoutOwnPassages(legs: RetrievedLegs): RetrievedLegs {
  const strip = (run: Run): Run =>
    new Map([...run].map(([id, passages]) => [id, passages.filter((passage) => passage.id !== id)]));
  const { dense, lexical } = legs;
  return {
    ...legs,
    ...(dense === undefined ? {} : { dense: strip(dense) }),
    ...(lexical === undefined ? {} : { lexical: strip(lexical) }),
  };
}
