const ITEM = "- ";
const CELL_SEPARATOR = " | ";

/**
 * Text as a page shows it: runs of white space are one space, lines and paragraphs end where they are told to. Built of
 * parts, so that a page costs its length and not its square.
 */
export class HtmlText {
  #paragraphs: string[] = [];
  #lines: string[] = [];
  #line: string[] = [];
  #endsInSpace = true;
  #preformatted = 0;

  add(text: string): void {
    if (this.#preformatted > 0) {
      this.#addPreformatted(text);
      return;
    }
    const collapsed = text.replaceAll(/\s+/g, " ");
    const part = this.#endsInSpace ? collapsed.trimStart() : collapsed;
    if (part !== "") {
      this.#line.push(part);
      this.#endsInSpace = part.endsWith(" ");
    }
  }

  /** An item without text leaves nothing. */
  beginItem(): void {
    this.endLine();
    this.#line = [ITEM];
    this.#endsInSpace = true;
  }

  /** Between two cells of a row. */
  endCell(): void {
    if (this.#line.length > 0 && this.#line.at(-1) !== CELL_SEPARATOR) {
      this.#line.push(CELL_SEPARATOR);
      this.#endsInSpace = true;
    }
  }

  endLine(): void {
    // An item's text may be in a paragraph of its own.
    if (this.#line.length === 1 && this.#line[0] === ITEM) {
      return;
    }
    const line = this.#preformatted > 0 ? this.#line.join("").trimEnd() : this.#trimmedLine();
    if (line !== "") {
      this.#lines.push(line);
    }
    this.#line = [];
    this.#endsInSpace = true;
  }

  endParagraph(): void {
    this.endLine();
    if (this.#lines.length > 0 && this.#line.length === 0) {
      this.#paragraphs.push(this.#lines.join("\n"));
      this.#lines = [];
    }
  }

  /** White space counts until the end of it. */
  beginPreformatted(): void {
    this.endParagraph();
    this.#preformatted += 1;
  }

  endPreformatted(): void {
    this.endParagraph();
    this.#preformatted = Math.max(0, this.#preformatted - 1);
  }

  /** All of it, paragraphs separated by empty lines; the next text begins anew. */
  take(): string {
    if (this.#line[0] === ITEM && this.#line.length === 1) {
      this.#line = [];
    }
    this.endParagraph();
    const text = this.#paragraphs.join("\n\n");
    this.#paragraphs = [];
    return text;
  }

  #addPreformatted(text: string): void {
    const [first = "", ...others] = text.split(/\r\n?|\n/);
    this.#line.push(first);
    for (const line of others) {
      this.#lines.push(this.#line.join("").trimEnd());
      this.#line = [line];
    }
  }

  #trimmedLine(): string {
    const parts = this.#line.at(-1) === CELL_SEPARATOR ? this.#line.slice(0, -1) : this.#line;
    return parts.join("").trim();
  }
}
