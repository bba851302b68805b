import { citationUrl } from "../retrieval/citation-url.ts";
import type { RetrievedPassage } from "../retrieval/types.ts";
import type { Citation } from "./answer-event.ts";
import { CodeTracker, type CodeState } from "./code-tracker.ts";

/** Code units of a mark, brackets included; longer brackets hold prose. */
const MAX_MARK_LENGTH = 64;
/** Marks inside an inline code span that may turn out to be none; further ones are left as text. */
const MAX_PENDING = 64;

/**
 * Finds citation marks in one choice's text while it arrives, split anywhere: `[2]`, `[1][2]`, `[1, 2]`, `[1-3]`. A mark
 * is left as text when no passage has its number, in code, when escaped (`\[1]`), when it labels a link (`[1](url)`) or
 * begins a list of references (`[1]: ` at the start of a line). The text itself is never held back; a citation comes
 * with the first character after its mark, or with `end`. Memory is constant.
 */
export class CitationParser {
  readonly #passages: readonly RetrievedPassage[];
  readonly #code = new CodeTracker();
  #offset = 0;
  /** The mark being read, from its bracket on; empty outside of one. */
  #mark = "";
  #markStartsLine = false;
  /** Nothing but white space since the last line break. */
  #isLineStart = true;
  #isEscaped = false;
  /** A complete mark that waits for the character after it. */
  #closed: readonly Citation[] = [];
  #closedStartsLine = false;
  /** Marks in an inline span that is not closed: were it never closed, its backtick would be text, and they marks. */
  #pending: Citation[] = [];
  #previousState: CodeState = "text";
  #isAfterInsertion = false;

  /** Passages in the order of their numbers: the first is 1. */
  constructor(passages: readonly RetrievedPassage[]) {
    this.#passages = passages;
  }

  /** Whether the text ends inside of code, so that a mark inserted now would be part of it. */
  get isInCode(): boolean {
    return this.#previousState !== "text";
  }

  /** Reads the next piece; returns the citations that it completes. */
  push(text: string): readonly Citation[] {
    const found: Citation[] = [];
    for (let index = 0; index < text.length; index++) {
      // UTF-16 code units, not characters: indices count those, and a pair may be split over two pieces.
      this.#read(text.charAt(index), found);
    }
    return found;
  }

  /**
   * Cites a passage where the text now ends, for a provider that cites without marks: returns the mark to be put there
   * and what it completes. A space comes before the first of several marks.
   */
  insert(passageNumber: number): { readonly text: string; readonly citations: readonly Citation[] } {
    const mark = `[${passageNumber}]`;
    const text = this.#closed.length > 0 || this.#isAfterInsertion || this.#isLineStart ? mark : ` ${mark}`;
    const citations = [...this.push(text), ...this.#closed];
    this.#closed = [];
    this.#isAfterInsertion = true;
    return { text, citations };
  }

  /** Ends the text; returns what still waited. */
  end(): readonly Citation[] {
    const isSpanClosed = this.#previousState === "inline" && this.#code.end() !== "inline";
    const rest = isSpanClosed ? [] : [...this.#pending, ...this.#closed];
    this.#pending = [];
    this.#closed = [];
    return rest;
  }

  #read(sign: string, found: Citation[]): void {
    const state = this.#code.next(sign);
    this.#isAfterInsertion = false;
    this.#settle(sign, found);
    this.#leaveCode(state, found);
    if (state === "fenced" || sign === "`") {
      this.#mark = "";
    } else {
      this.#readMark(sign);
    }
    this.#isEscaped = sign === "\\" && !this.#isEscaped;
    this.#isLineStart = sign === "\n" || (this.#isLineStart && (sign === " " || sign === "\t"));
    this.#offset++;
  }

  /** Decides about a complete mark by the character after it. */
  #settle(sign: string, found: Citation[]): void {
    if (this.#closed.length === 0) {
      return;
    }
    const isMark = sign !== "(" && !(sign === ":" && this.#closedStartsLine);
    if (isMark && this.#previousState === "inline") {
      this.#pending.push(...this.#closed.slice(0, MAX_PENDING - this.#pending.length));
    } else if (isMark) {
      found.push(...this.#closed);
    }
    this.#closed = [];
  }

  #leaveCode(state: CodeState, found: Citation[]): void {
    if (this.#previousState === "inline" && state !== "inline") {
      found.push(...(this.#code.wasAbandoned ? this.#pending : []));
      this.#pending = [];
    }
    this.#previousState = state;
  }

  #readMark(sign: string): void {
    if (sign === "[") {
      this.#mark = this.#isEscaped ? "" : "[";
      this.#markStartsLine = this.#isLineStart;
    } else if (this.#mark === "") {
      return;
    } else if (sign === "]") {
      this.#closed = this.#citations(`${this.#mark}]`);
      this.#closedStartsLine = this.#markStartsLine;
      this.#mark = "";
    } else {
      this.#mark = /[\d ,;–-]/u.test(sign) && this.#mark.length < MAX_MARK_LENGTH ? this.#mark + sign : "";
    }
  }

  #citations(mark: string): readonly Citation[] {
    const startIndex = this.#offset + 1 - mark.length;
    return citedNumbers(mark, this.#passages.length).flatMap((passageNumber) => {
      const passage = this.#passages[passageNumber - 1]?.passage;
      return passage === undefined ? [] : [toCitation(passage, passageNumber, startIndex, this.#offset + 1)];
    });
  }
}

function toCitation(
  passage: RetrievedPassage["passage"],
  passageNumber: number,
  startIndex: number,
  endIndex: number,
): Citation {
  const { id, title } = passage;
  return { passageNumber, passageId: id, title, url: citationUrl(passage), startIndex, endIndex };
}

const MARK = /^\[ *\d{1,4}(?: *[,;–-] *\d{1,4})* *\]$/u;

/** Numbers from 1 to `max` in a mark, each once, in order of appearance; a range needs both ends to exist. */
function citedNumbers(mark: string, max: number): readonly number[] {
  if (!MARK.test(mark)) {
    return [];
  }
  const numbers = new Set<number>();
  for (const item of mark.slice(1, -1).split(/[,;]/u)) {
    const [first = 0, last = first, ...more] = item.split(/[–-]/u).map(Number);
    if (more.length > 0 || first < 1 || last > max) {
      continue;
    }
    for (let number = first; number <= last; number++) {
      numbers.add(number);
    }
  }
  return [...numbers];
}
