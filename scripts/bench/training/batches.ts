import { readFile } from "node:fs/promises";
import path from "node:path";
import { createTokenizer } from "../../../src/encoder/tokenizer.ts";
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

export interface RealPairsOptions {
  /** BEIR-style `corpus.jsonl`. */
  readonly corpus: string;
  /** Folder with `tokenizer.json`. */
  readonly model: string;
  readonly count: number;
}

/** Tokens that sentence-transformers keeps of a text with MiniLM-L6. */
const LONGEST = 256;
const QUERY_TOKENS = 16;
/** Of the corpus, every so many passages: neighbours come from one article. */
const STRIDE = 37;

/** Passages of a corpus, each with its own beginning as the query. */
export async function realPairs({ corpus, model, count }: RealPairsOptions): Promise<Pairs> {
  const file: unknown = JSON.parse(await readFile(path.join(model, "tokenizer.json"), "utf8"));
  const tokenizer = createTokenizer(file);
  const pairs = { queries: [] as number[][], passages: [] as number[][] };
  let index = 0;
  for await (const { text } of readCorpus(corpus)) {
    if (index % STRIDE === 0) {
      pairs.queries.push(tokenizer.encode(text, QUERY_TOKENS));
      pairs.passages.push(tokenizer.encode(text, LONGEST));
    }
    index += 1;
    if (pairs.passages.length === count) {
      break;
    }
  }
  return pairs;
}

/** Cuts into batches, in the order given or with passages of like length together. */
export function toBatches({ queries, passages }: Pairs, size: number, byLength: boolean): readonly Pairs[] {
  const order = passages.map((_, index) => index);
  if (byLength) {
    order.sort((a, b) => (passages[a]?.length ?? 0) - (passages[b]?.length ?? 0));
  }
  const pick = (texts: Texts, from: number): Texts => order.slice(from, from + size).map((index) => texts[index] ?? []);
  return Array.from({ length: Math.floor(order.length / size) }, (_, batch) => ({
    queries: pick(queries, batch * size),
    passages: pick(passages, batch * size),
  }));
}
