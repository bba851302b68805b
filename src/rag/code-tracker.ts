/** Where a character of Markdown stands. */
export type CodeState = "text" | "inline" | "fenced";

/**
 * Follows Markdown code through a text that arrives in pieces: fenced blocks (``` or ~~~ at the start of a line, closed
 * by at least as many) and inline spans (a run of backticks up to the next run of the same length, never past a blank
 * line). Memory is constant. Call `next` with every UTF-16 code unit in order, `end` once.
 */
export class CodeTracker {
  #state: CodeState = "text";
  /** Length of the run of backticks or tildes that opened the present code, and its sign. */
  #openLength = 0;
  #openSign = "";
  /** The run being read. */
  #runLength = 0;
  #runSign = "";
  #runStartsLine = false;
  /** Only white space and quotation signs since the line began. */
  #isLineStart = true;
  /** The line so far is blank, for paragraphs. */
  #isBlankLine = true;
  /** A fence was opened on this line: what follows is its info string. */
  #isInfoString = false;
  /** A fence was perhaps closed on this line: only white space may follow. */
  #isClosing = false;
  /** The sign before was a backslash that is not itself escaped. */
  #isEscaped = false;
  #wasAbandoned = false;

  /** Whether the last sign ended a paragraph with an inline span still open: its backticks were plain text after all. */
  get wasAbandoned(): boolean {
    return this.#wasAbandoned;
  }

  /** The state that holds for `sign` itself; backticks count as the state before them until their run is complete. */
  next(sign: string): CodeState {
    this.#wasAbandoned = false;
    const isEscaped = this.#isEscaped && this.#state === "text";
    this.#isEscaped = sign === "\\" && !this.#isEscaped;
    if (this.#runLength > 0 && sign !== this.#runSign) {
      this.#finishRun();
    }
    if ((sign === "`" && !isEscaped) || (sign === "~" && (this.#isLineStart || this.#runSign === "~"))) {
      this.#readFenceSign(sign);
      return this.#state;
    }
    if (sign === "\n") {
      this.#finishLine();
      return this.#state;
    }
    if (!/[ \t>]/u.test(sign)) {
      this.#isLineStart = false;
      this.#isClosing = false;
    }
    if (!/[ \t\r]/u.test(sign)) {
      this.#isBlankLine = false;
    }
    return this.#state;
  }

  /** The state at the end of the text, where an open run is complete. */
  end(): CodeState {
    this.#finishRun();
    return this.#state;
  }

  #readFenceSign(sign: string): void {
    if (this.#runLength === 0) {
      this.#runSign = sign;
      this.#runStartsLine = this.#isLineStart;
    }
    this.#runLength++;
    this.#isLineStart = false;
    this.#isBlankLine = false;
    this.#isClosing = false;
  }

  #finishRun(): void {
    const length = this.#runLength;
    const sign = this.#runSign;
    this.#runLength = 0;
    this.#runSign = "";
    if (this.#state === "fenced") {
      if (this.#isInfoString && sign === "`" && this.#openSign === "`") {
        // The info string of a fence of backticks holds none: this was an inline span on a line of its own.
        this.#isInfoString = false;
        this.#state = length === this.#openLength ? "text" : "inline";
      } else if (this.#runStartsLine && sign === this.#openSign && length >= this.#openLength) {
        this.#isClosing = true;
      }
    } else if (this.#state === "text" && this.#runStartsLine && length >= 3) {
      this.#open("fenced", length, sign);
      this.#isInfoString = true;
    } else if (this.#state === "text" && sign === "`") {
      this.#open("inline", length, sign);
    } else if (this.#state === "inline" && sign === "`" && length === this.#openLength) {
      this.#state = "text";
    }
  }

  #open(state: CodeState, length: number, sign: string): void {
    this.#state = state;
    this.#openLength = length;
    this.#openSign = sign;
  }

  #finishLine(): void {
    this.#wasAbandoned = this.#state === "inline" && this.#isBlankLine;
    if (this.#isClosing || this.#wasAbandoned) {
      this.#state = "text";
    }
    this.#isInfoString = false;
    this.#isClosing = false;
    this.#isLineStart = true;
    this.#isBlankLine = true;
  }
}
