/** A sentence, and where it lies in its text: `text.slice(start, end)`, white space around it left out. */
export interface Sentence {
  readonly text: string;
  readonly start: number;
  readonly end: number;
}

/** Ends after which a sentence goes on: "(2023 est.) 5%", "St. Lucia", "U.S. troops", "No. 5". */
const ABBREVIATIONS = new Set(
  "est approx ca c cf e.g i.e etc vs al no nos vol fig mr mrs ms dr prof st ste mt ft gen col lt sgt capt gov sen rep rev hon jr sr inc ltd co corp bros dept univ ave blvd jan feb mar apr jun jul aug sep sept oct nov dec mon tue wed thu fri sat sun a.m p.m u.s u.k u.n d.c".split(
    " ",
  ),
);

/**
 * Characters before and behind a possible break that decide about it: a text without breaks must not be read anew for
 * each of its parts. A bracket opened longer ago was forgotten, not meant.
 */
const MAX_LOOK = 200;
/** Longer than any abbreviation, its full stop included. */
const MAX_WORD = 32;

/**
 * Splits a text into sentences: `Intl.Segmenter` proposes (it knows scripts without spaces and numbers like "3.14"), and
 * a break is refused after an abbreviation, an initial, inside brackets, or before a lower-case letter. A line break is
 * always a break, because lists and tables have no full stops.
 */
export function splitSentences(text: string): readonly Sentence[] {
  const segmenter = new Intl.Segmenter("en", { granularity: "sentence" });
  const sentences: Sentence[] = [];
  for (const { segment: line, index: lineStart } of lines(text)) {
    if (line === "") {
      continue; // asking the segmenter costs 20 µs: seconds for a page of nothing but line breaks
    }
    let start = 0;
    for (const { segment, index } of segmenter.segment(line)) {
      const end = index + segment.length;
      if (end < line.length && !isBreak(line, start, end)) {
        continue;
      }
      pushTrimmed(sentences, line.slice(start, end), lineStart + start);
      start = end;
    }
  }
  return sentences;
}

function* lines(text: string): Generator<{ segment: string; index: number }> {
  let index = 0;
  for (const segment of text.split("\n")) {
    yield { segment, index };
    index += segment.length + 1;
  }
}

/** Whether the sentence from `start` ends at `end`; looks at a few characters on both sides, however long it is. */
function isBreak(line: string, start: number, end: number): boolean {
  const sentence = line.slice(Math.max(start, end - MAX_LOOK), end).trimEnd();
  return (
    !isAbbreviated(sentence) && !isInsideBrackets(sentence) && !/^\s*[\p{Ll};,)]/u.test(line.slice(end, end + MAX_LOOK))
  );
}

function isAbbreviated(sentence: string): boolean {
  const lastWord = sentence.endsWith(".")
    ? (sentence
        .slice(-MAX_WORD, -1)
        .split(/[\s([{"“]/u)
        .at(-1) ?? "")
    : "";
  return ABBREVIATIONS.has(lastWord.toLowerCase()) || /^(?:\p{L}|(?:\p{L}\.)+\p{L})$/u.test(lastWord);
}

function isInsideBrackets(sentence: string): boolean {
  return sentence.lastIndexOf("(") > sentence.lastIndexOf(")");
}

function pushTrimmed(sentences: Sentence[], raw: string, offset: number): void {
  const text = raw.trim();
  if (text !== "") {
    const start = offset + raw.indexOf(text);
    sentences.push({ text, start, end: start + text.length });
  }
}
