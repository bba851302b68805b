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
 * Splits a text into sentences: `Intl.Segmenter` proposes (it knows scripts without spaces and numbers like "3.14"), and
 * a break is refused after an abbreviation, an initial, inside brackets, or before a lower-case letter. A line break is
 * always a break, because lists and tables have no full stops.
 */
export function splitSentences(text: string): readonly Sentence[] {
  const segmenter = new Intl.Segmenter("en", { granularity: "sentence" });
  const sentences: Sentence[] = [];
  for (const { segment: line, index: lineStart } of lines(text)) {
    let start = 0;
    for (const { segment, index } of segmenter.segment(line)) {
      const end = index + segment.length;
      if (end < line.length && !isBreak(line.slice(start, end), line.slice(end))) {
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

function isBreak(before: string, after: string): boolean {
  const sentence = before.trimEnd();
  const lastWord = /([^\s([{"“]+)\.$/u.exec(sentence)?.[1];
  if (
    lastWord !== undefined &&
    (ABBREVIATIONS.has(lastWord.toLowerCase()) || /^(?:\p{L}|(?:\p{L}\.)+\p{L})$/u.test(lastWord))
  ) {
    return false;
  }
  return !isInsideBrackets(sentence) && !/^\s*[\p{Ll};,)]/u.test(after);
}

/** Brackets left open; more than 200 characters ago they were forgotten, not meant. */
function isInsideBrackets(text: string): boolean {
  const open = text.lastIndexOf("(");
  return open > text.lastIndexOf(")") && text.length - open < 200;
}

function pushTrimmed(sentences: Sentence[], raw: string, offset: number): void {
  const text = raw.trim();
  if (text !== "") {
    const start = offset + raw.indexOf(text);
    sentences.push({ text, start, end: start + text.length });
  }
}
