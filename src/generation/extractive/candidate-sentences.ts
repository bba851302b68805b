import type { PassageText } from "../../encoder/encoder.ts";
import type { RetrievedPassage } from "../../retrieval/types.ts";
import { estimateTokens } from "../../shared/estimate-tokens.ts";
import { neutralizeMarks, stripInvisible, toSingleLine } from "../../shared/sanitize.ts";
import { splitSentences } from "../../shared/sentences.ts";
import type { QuestionFacet } from "./question-facets.ts";
import { contentTerms } from "./terms.ts";

/** A sentence that may answer. */
export interface CandidateSentence {
  readonly passageNumber: number;
  /** What the passage is about, from its title, when the sentence does not say so itself; else empty. */
  readonly subject: string;
  /** As in the passage, without what cannot be seen; ready to be quoted. */
  readonly text: string;
  /** For each facet, the share of its content words (by rarity) that the sentence or its title has: 0 to 1. */
  readonly coverage: readonly number[];
}

/**
 * Tokens of candidates that the encoder reads for one answer, about. Encoding costs about a millisecond for each in a
 * warm isolate, so this bounds the time to an answer whatever the passages are.
 */
const MAX_ENCODED_TOKENS = 200;
/** Words of one sentence that the encoder is given; enumerations say what they are in their first ones. */
const MAX_SENTENCE_WORDS = 28;
/** Sentences further down in the ranking rarely answer, and each costs time. */
const MAX_PASSAGES = 10;
/** A word in the title says what a sentence is about, but not that it answers. */
const TITLE_SHARE = 0.5;
/** A longer word that begins with the wanted one is often a compound or an inflection of it, and sometimes another word. */
const PREFIX_SHARE = 0.7;
const MIN_PREFIX_LENGTH = 4;
/** Advantage of a sentence with a number where one is asked for, and of the first passages. */
const NUMBER_BONUS = 0.15;
const RANK_BONUS = 0.15;

/**
 * The sentences worth the encoder's time: for each facet in turn the next best by shared words, by numbers where a number
 * is asked for, and by the rank of their passage.
 */
export function candidateSentences(
  passages: readonly RetrievedPassage[],
  facets: readonly QuestionFacet[],
): readonly CandidateSentence[] {
  const sentences = readSentences(passages.slice(0, MAX_PASSAGES));
  const rarity = rarities(sentences);
  const wanted = facets.map(({ text, standalone }) => ({
    terms: [...new Set(contentTerms(standalone))],
    wantsNumber:
      /\b(?:how (?:many|much|long|far|big|large|old|high|deep|tall)|when|what year|number|population|percent)/iu.test(
        text,
      ),
  }));
  const candidates = sentences.map(({ passageNumber, subject, text, terms, titleTerms }) => ({
    passageNumber,
    subject,
    text,
    coverage: wanted.map((facet) => coverage(facet.terms, { terms, titleTerms, rarity })),
  }));
  const rankings = wanted.map(({ wantsNumber }, facet) => {
    const score = ({ coverage, passageNumber, text }: CandidateSentence): number =>
      (coverage[facet] ?? 0) + (wantsNumber && /\d/u.test(text) ? NUMBER_BONUS : 0) + RANK_BONUS / passageNumber;
    return candidates.toSorted((a, b) => score(b) - score(a));
  });
  return takeInTurns(rankings);
}

interface ReadSentence extends Omit<CandidateSentence, "coverage"> {
  readonly terms: ReadonlySet<string>;
  readonly titleTerms: ReadonlySet<string>;
}

function readSentences(passages: readonly RetrievedPassage[]): readonly ReadSentence[] {
  const seen = new Set<string>();
  return passages.flatMap(({ passage }, index) => {
    const title = quotable(toSingleLine(passage.title));
    const titleTerms = new Set(contentTerms(title));
    // "Chad: Climate (1 of 2)", "Chad - Climate" and "Chad | Atlas" are about Chad.
    const subject = (title.split(/[:(|]| [-–—] /u)[0] ?? "").trim();
    const subjectTerms = contentTerms(subject);
    return splitSentences(stripInvisible(passage.text)).flatMap((sentence) => {
      const text = quotable(sentence.text);
      const terms = new Set(contentTerms(text));
      if (terms.size === 0 || seen.has(text)) {
        return [];
      }
      seen.add(text);
      const isNamed = subjectTerms.some((term) => terms.has(term));
      return [{ passageNumber: index + 1, subject: isNamed ? "" : subject, text, terms, titleTerms }];
    });
  });
}

/** In the answer's Markdown backticks would open code, and "[3]" would be a citation. */
function quotable(text: string): string {
  return neutralizeMarks(text).replaceAll("`", "'");
}

/** Term -> how much it tells: ln(1 + N / df) over the sentences at hand. */
function rarities(sentences: readonly ReadSentence[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { terms } of sentences) {
    for (const term of terms) {
      counts.set(term, (counts.get(term) ?? 0) + 1);
    }
  }
  return new Map([...counts].map(([term, count]) => [term, Math.log(1 + sentences.length / count)]));
}

interface CoverageOptions extends Pick<ReadSentence, "terms" | "titleTerms"> {
  readonly rarity: ReadonlyMap<string, number>;
}

function coverage(wanted: readonly string[], { terms, titleTerms, rarity }: CoverageOptions): number {
  let found = 0;
  let total = 0;
  for (const term of wanted) {
    // A word that no sentence has tells nothing about which of them answers, but that it is missing counts.
    const weight = rarity.get(term) ?? 1;
    total += weight;
    found += weight * Math.max(matchShare(term, terms), TITLE_SHARE * matchShare(term, titleTerms));
  }
  return total === 0 ? 0 : found / total;
}

/** 1 for the word itself, less for a longer one that begins with it ("coast" in "coastline"), else 0. */
function matchShare(wanted: string, terms: ReadonlySet<string>): number {
  if (terms.has(wanted)) {
    return 1;
  }
  const isLongEnough = wanted.length >= MIN_PREFIX_LENGTH && !/\p{N}/u.test(wanted);
  return isLongEnough && [...terms].some((term) => term.startsWith(wanted)) ? PREFIX_SHARE : 0;
}

/** What the encoder reads of a candidate. */
export function encodedPassage({ subject, text }: CandidateSentence): PassageText {
  return { title: subject, text: text.split(/\s+/u, MAX_SENTENCE_WORDS).join(" ") };
}

function takeInTurns(rankings: readonly (readonly CandidateSentence[])[]): readonly CandidateSentence[] {
  const taken = new Set<CandidateSentence>();
  let tokens = 0;
  const longest = Math.max(0, ...rankings.map(({ length }) => length));
  for (let place = 0; place < longest; place++) {
    for (const ranking of rankings) {
      const candidate = ranking[place];
      if (candidate === undefined || taken.has(candidate)) {
        continue;
      }
      const { title, text } = encodedPassage(candidate);
      tokens += estimateTokens(`${title} ${text}`);
      if (tokens > MAX_ENCODED_TOKENS && taken.size > 0) {
        return [...taken];
      }
      taken.add(candidate);
    }
  }
  return [...taken];
}
