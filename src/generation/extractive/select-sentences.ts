import { cosine } from "../../encoder/vector.ts";
import type { CandidateSentence } from "./candidate-sentences.ts";

/** A candidate with what the encoder made of it. */
export interface EncodedCandidate {
  readonly candidate: CandidateSentence;
  readonly embedding: Float32Array;
}

export interface SelectSentencesOptions {
  /** One for each facet. */
  readonly facetEmbeddings: readonly Float32Array[];
  /** Sentences of one answer. */
  readonly maxSentences: number;
}

/** Shares of the encoder and of shared words in a sentence's relevance; the encoder misjudges names, words do not. */
const SIMILARITY_SHARE = 0.7;
/**
 * Below this a sentence does not answer: with MiniLM, sentences that answer reach 0.65 and more, those about something else 0.3.
 */
const MIN_RELEVANCE = 0.42;
/** A further sentence must be nearly as relevant as the facet's best, and say something else. */
const FURTHER_SHARE = 0.9;
const MAX_REDUNDANCY = 0.8;
const DIVERSITY = 0.3;

/**
 * Chooses what to quote: for each facet its most relevant sentence, then further ones by maximal marginal relevance
 * (Carbonell and Goldstein, SIGIR 1998). In the order of the facets; empty when nothing is relevant enough.
 */
export function selectSentences(
  encoded: readonly EncodedCandidate[],
  { facetEmbeddings, maxSentences }: SelectSentencesOptions,
): readonly CandidateSentence[] {
  const chosen: { readonly facet: number; readonly entry: EncodedCandidate }[] = [];
  const isChosen = (entry: EncodedCandidate): boolean => chosen.some((other) => other.entry === entry);
  const scored = facetEmbeddings.map((facetEmbedding, facet) =>
    encoded
      .map((entry) => ({ entry, facet, relevance: relevance(entry, { facetEmbedding, facet }) }))
      .filter((score) => score.relevance >= MIN_RELEVANCE)
      .toSorted((a, b) => b.relevance - a.relevance),
  );
  for (const [best] of scored) {
    // One sentence may answer two facets: then it is quoted once.
    if (best !== undefined && !isChosen(best.entry)) {
      chosen.push(best);
    }
  }
  const further = scored.flatMap((facetScores) =>
    facetScores.filter(({ relevance }) => relevance >= FURTHER_SHARE * (facetScores[0]?.relevance ?? 0)),
  );
  while (chosen.length < maxSentences) {
    const next = further
      .filter(({ entry }) => !isChosen(entry))
      .map((score) => ({ ...score, redundancy: redundancy(score.entry, chosen) }))
      .filter(({ redundancy }) => redundancy < MAX_REDUNDANCY)
      .toSorted((a, b) => marginal(b) - marginal(a))[0];
    if (next === undefined) {
      break;
    }
    chosen.push(next);
  }
  return chosen.toSorted((a, b) => a.facet - b.facet).map(({ entry }) => entry.candidate);
}

function relevance(
  { candidate, embedding }: EncodedCandidate,
  { facetEmbedding, facet }: { readonly facetEmbedding: Float32Array; readonly facet: number },
): number {
  const similarity = cosine(embedding, facetEmbedding);
  return SIMILARITY_SHARE * similarity + (1 - SIMILARITY_SHARE) * (candidate.coverage[facet] ?? 0);
}

function redundancy({ embedding }: EncodedCandidate, chosen: readonly { readonly entry: EncodedCandidate }[]): number {
  return Math.max(0, ...chosen.map(({ entry }) => cosine(entry.embedding, embedding)));
}

function marginal({ relevance, redundancy }: { readonly relevance: number; readonly redundancy: number }): number {
  return (1 - DIVERSITY) * relevance - DIVERSITY * redundancy;
}
