import { splitSentences } from "../shared/sentences.ts";
import { cutToTokens } from "./cut-to-tokens.ts";
import type { Section } from "./reading/section.ts";
import { fitTitle } from "./title-path.ts";

export interface SplitPassagesOptions {
  /** The document's; stands above every heading. May be empty. */
  readonly title: string;
  /** Of a passage with its title, as `countTokens` counts; at least `MIN_PASSAGE_TOKENS`. */
  readonly maxTokens: number;
  /** Tokens of the end of a passage that the next one of its section begins with, in whole sentences. Default 0. */
  readonly overlapTokens?: number;
  /** Tokens of a text without special ones. */
  readonly countTokens: (text: string) => number;
}

/** A passage and the path of titles above it. */
export interface SplitPassage {
  readonly title: string;
  readonly text: string;
}

/** Below that a passage is its title and little else. */
export const MIN_PASSAGE_TOKENS = 16;
/**
 * Characters that a token stands for at most, as far as passages are concerned: a tokenizer may count a word of a million
 * letters as one unknown token.
 */
const MAX_CHARACTERS_PER_TOKEN = 16;
/** Characters of a section that are cut at once: a section of megabytes must not become a list of all its sentences. */
const WINDOW = 64 * 1024;
/** The share of a passage that its title may take. */
const MAX_TITLE_SHARE = 1 / 3;

/** A stretch of a section's text that stays together. */
interface Unit {
  readonly start: number;
  readonly end: number;
  readonly tokens: number;
}

/**
 * Cuts sections into passages of whole sentences, none across a heading. The passages of a section are about equally long,
 * so that none is a remnant. A sentence too long for one passage is cut at a space. Joined, the passages of a section are
 * its text, but for white space (and for what overlaps).
 */
export function* splitPassages(sections: Iterable<Section>, options: SplitPassagesOptions): Generator<SplitPassage> {
  const { title: documentTitle, maxTokens, overlapTokens = 0 } = options;
  const countTokens = (text: string): number =>
    Math.max(options.countTokens(text), Math.ceil(text.length / MAX_CHARACTERS_PER_TOKEN));
  for (const section of sections) {
    const { title, tokens } = fitTitle([documentTitle, ...section.headings], {
      maxTokens: Math.floor(maxTokens * MAX_TITLE_SHARE),
      countTokens,
    });
    const budget = maxTokens - tokens;
    for (const text of windows(section.text)) {
      const units = toUnits(text, { budget, countTokens });
      for (const { first, last } of pack(units, { budget, overlapTokens })) {
        yield { title, text: text.slice(first.start, last.end) };
      }
    }
  }
}

/** A long section in pieces that end at a paragraph if they can, or else at a line or a space. */
function* windows(text: string): Generator<string> {
  let start = 0;
  while (start < text.length) {
    let end = text.length;
    if (end - start > WINDOW) {
      const cut = ["\n\n", "\n", " "]
        .map((gap) => text.lastIndexOf(gap, start + WINDOW))
        .find((place) => place > start + WINDOW / 2);
      end = cut ?? safeCut(text, start + WINDOW);
    }
    yield tidy(text.slice(start, end));
    start = end;
  }
}

/** Not between the halves of a surrogate pair. */
function safeCut(text: string, end: number): number {
  return /[\ud800-\udbff]/.test(text.charAt(end - 1)) ? end + 1 : end;
}

/** White space counts no tokens, so that there must not be much of it. */
function tidy(text: string): string {
  return text
    .replaceAll(/\r\n?/g, "\n")
    .replaceAll(/[^\S\n]{100,}/g, " ")
    .replaceAll(/\n\s*\n/g, "\n\n");
}

function toUnits(
  text: string,
  { budget, countTokens }: { budget: number; countTokens: (text: string) => number },
): Unit[] {
  return splitSentences(text).flatMap(({ text: sentence, start, end }) => {
    const tokens = countTokens(sentence);
    return tokens <= budget
      ? [{ start, end, tokens }]
      : cutToTokens(sentence, { maxTokens: budget, countTokens }).map((piece) => ({
          start: start + piece.start,
          end: start + piece.end,
          tokens: piece.tokens,
        }));
  });
}

interface PackOptions {
  readonly budget: number;
  readonly overlapTokens: number;
}

/** Neighbouring units, as many as fit; the units of a section are spread evenly over as few passages as they need. */
function* pack(units: readonly Unit[], { budget, overlapTokens }: PackOptions): Generator<{ first: Unit; last: Unit }> {
  const tokensOf = (from: number, to?: number): number =>
    units.slice(from, to).reduce((sum, { tokens }) => sum + tokens, 0);
  /** Tokens from `start` on. */
  let left = tokensOf(0);
  let start = 0;
  while (start < units.length) {
    let end = start;
    let tokens = 0;
    const target = left / Math.ceil(left / budget);
    for (
      let next = units[end];
      next !== undefined && tokens < target && (end === start || tokens + next.tokens <= budget);
    ) {
      tokens += next.tokens;
      end += 1;
      next = units[end];
    }
    const first = units[start];
    const last = units[end - 1];
    if (first !== undefined && last !== undefined) {
      yield { first, last };
    }
    const next = end < units.length ? overlapStart(units, { start, end, overlapTokens }) : end;
    left -= tokensOf(start, next);
    start = next;
  }
}

/** Where the next passage begins: as many units before `end` as the overlap has room for, and always further than `start`. */
function overlapStart(
  units: readonly Unit[],
  { start, end, overlapTokens }: { start: number; end: number; overlapTokens: number },
): number {
  let next = end;
  let tokens = 0;
  for (let unit = units[next - 1]; unit !== undefined && next - 1 > start && tokens + unit.tokens <= overlapTokens;) {
    tokens += unit.tokens;
    next -= 1;
    unit = units[next - 1];
  }
  return next;
}
