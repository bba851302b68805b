import { readFile } from "node:fs/promises";
import path from "node:path";
import { createTokenizer } from "../../../src/encoder/tokenizer.ts";
import type { TextTokenizer } from "../../../src/encoder/tokenizer.ts";
import { readCorpus } from "../../../training/artifacts/beir.ts";
import type { Texts } from "../../torch-peer/contrastive-step.ts";

/** Pairs of a query and its passage. */
export interface Pairs {
  readonly queries: Texts;
  readonly passages: Texts;
}

/** `texts` texts of exactly `tokens` irregular ids, half of them queries. */
export function fixedBatch(texts: number, tokens: number, round: number): Pairs {
  const rows = Array.from({ length: texts }, (_, text) =>
    Array.from({ length: tokens }, (_, token) => 1000 + ((text * 7919 + token * 104_729 + round * 31) % 28_000)),
  );
  return { queries: rows.slice(0, texts / 2), passages: rows.slice(texts / 2) };
}

export function tokenCount({ queries, passages }: Pairs): number {
  return [...queries, ...passages].reduce((sum, { length }) => sum + length, 0);
}

/** A question and its passage, as texts. */
export type TextPair = readonly [question: string, passage: string];

/** What sentence-transformers cuts MiniLM-L6's texts to, in tokens. */
export const LONGEST = 256;
const QUESTION_WORDS = 12;
/** Of the corpus, every so many passages: neighbours come from one article. */
const STRIDE = 37;

/** Passages of a BEIR-style `corpus.jsonl`, each with its own beginning as the question. */
export async function realPairs(corpus: string, count: number): Promise<readonly TextPair[]> {
  const pairs: TextPair[] = [];
  let index = 0;
  for await (const { text } of readCorpus(corpus)) {
    if (index % STRIDE === 0) {
      pairs.push([text.split(" ").slice(0, QUESTION_WORDS).join(" "), text]);
    }
    index += 1;
    if (pairs.length === count) {
      break;
    }
  }
  return pairs;
}

/** The tokeniser of a model's folder. */
export async function readTokenizer(model: string): Promise<TextTokenizer> {
  const file: unknown = JSON.parse(await readFile(path.join(model, "tokenizer.json"), "utf8"));
  return createTokenizer(file);
}

/** Tokens of pairs, cut into batches with passages of like length together, as the trainer does. */
export function toBatches(pairs: readonly TextPair[], tokenizer: TextTokenizer, size: number): readonly Pairs[] {
  const tokens = pairs.map(([question, passage]) => ({
    question: tokenizer.encode(question, LONGEST),
    passage: tokenizer.encode(passage, LONGEST),
  }));
  tokens.sort((a, b) => a.passage.length - b.passage.length);
  return Array.from({ length: Math.floor(tokens.length / size) }, (_, batch) => {
    const part = tokens.slice(batch * size, (batch + 1) * size);
    return { queries: part.map(({ question }) => question), passages: part.map(({ passage }) => passage) };
  });
}
