import type { Citation } from "./answer-event.ts";

/** A piece of an answer whose citations stand beside the text: each rests on what was said before it. */
export type AnswerPiece =
  | { readonly type: "text"; readonly text: string }
  | { readonly type: "citation"; readonly citation: Citation };

/** What may be a mark, complete or still arriving: as long as `CitationParser` takes one to be. */
const CANDIDATE = /\[[\d ,;–-]{0,63}(?:\]|$)/u;
/** One that the next character has yet to decide, or to complete. */
const UNDECIDED = /\[[\d ,;–-]{0,63}\]?$/u;

/**
 * Takes the marks that are citations out of one choice's text while it arrives, with the blanks before them; protocols whose
 * citations are not written into the text want it so. Brackets that are no citations stay. Only text from a bracket that may
 * become one is held back, and blanks at the end of a piece. Call in the order of `AnswerEvent`s: `push` for a text delta,
 * `cite` for a citation, `end` before anything that is neither and after the last.
 */
export class MarklessText {
  /** Not yet released. */
  #held = "";
  /** Where it begins in the text with marks. */
  #start = 0;

  push(text: string): readonly AnswerPiece[] {
    // Whatever was decided since would have been cited by now.
    const decided = this.#release(beforeBlanks(this.#held, UNDECIDED));
    this.#held += text;
    return [...decided, ...this.#release(beforeBlanks(this.#held, CANDIDATE))];
  }

  cite(citation: Citation): readonly AnswerPiece[] {
    const from = citation.startIndex - this.#start;
    if (from < 0) {
      // Another passage of the same mark; or one that counts only now, because the code around it was never closed.
      return [{ type: "citation", citation }];
    }
    const before = this.#held.slice(0, from);
    const said = this.#release(before.length - blanksBefore(before, before.length));
    this.#held = this.#held.slice(citation.endIndex - this.#start);
    this.#start = citation.endIndex;
    return [...said, { type: "citation", citation }];
  }

  end(): readonly AnswerPiece[] {
    return this.#release(this.#held.length);
  }

  #release(length: number): readonly AnswerPiece[] {
    const text = this.#held.slice(0, length);
    this.#held = this.#held.slice(length);
    this.#start += length;
    return text === "" ? [] : [{ type: "text", text }];
  }
}

/** Index of what a pattern finds, or of the end, with the blanks before it. */
function beforeBlanks(text: string, pattern: RegExp): number {
  const index = pattern.exec(text)?.index ?? text.length;
  return index - blanksBefore(text, index);
}

function blanksBefore(text: string, index: number): number {
  let count = 0;
  while (count < index && (text[index - count - 1] === " " || text[index - count - 1] === "\t")) {
    count++;
  }
  return count;
}
