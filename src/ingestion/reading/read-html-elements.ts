import { Parser } from "htmlparser2";
import { AppError } from "../../shared/errors.ts";
import { HtmlText } from "./html-text.ts";
import { HeadingPath, type ReadableDocument, type Section } from "./section.ts";

/** Elements whose content no reader sees, or that is about the site and not the page. */
const SKIPPED = new Set(
  "script style noscript template svg math canvas iframe object audio video nav footer aside form button select dialog".split(
    " ",
  ),
);
/** Elements that begin and end a paragraph. */
const PARAGRAPHS = new Set(
  "p div section article main header ul ol dl table thead tbody tfoot blockquote figure figcaption details summary address hr body".split(
    " ",
  ),
);
/** Elements that begin a line. */
const LINES = new Set("br li tr dt dd caption option".split(" "));
const CELLS = new Set(["td", "th"]);

/** Open elements at once. No page has so many, and the parser's time is quadratic in them. */
const MAX_DEPTH = 5_000;

export interface HtmlElements extends ReadableDocument {
  /** The most elements that were open at once. */
  readonly depth: number;
}

/**
 * HTML read as a stream, in memory of the size of its text: headings, paragraphs, list items and table rows. Throws
 * `invalid_request` when it nests too deep.
 */
export function readHtmlElements(html: string): HtmlElements {
  const reader = new ElementReader();
  const parser = new Parser({
    onopentag: (name, attributes) => reader.open(name, attributes),
    onclosetag: (name) => reader.close(name),
    ontext: (text) => reader.text(text),
  });
  parser.write(html);
  parser.end();
  return { title: reader.title(), sections: reader.sections(), depth: reader.depth };
}

class ElementReader {
  readonly #path = new HeadingPath();
  readonly #sections: Section[] = [];
  readonly #text = new HtmlText();
  readonly #title = new HtmlText();
  #heading: HtmlText | undefined;
  /** Open elements that are skipped. */
  #skipped = 0;
  #isInTitle = false;
  #open = 0;
  depth = 0;

  open(name: string, { alt }: Readonly<Record<string, string>>): void {
    this.#open += 1;
    this.depth = Math.max(this.depth, this.#open);
    if (this.#open > MAX_DEPTH) {
      throw new AppError("invalid_request", `the page nests more than ${MAX_DEPTH} elements in each other`, {
        details: { param: "content", limit: MAX_DEPTH },
      });
    }
    if (SKIPPED.has(name)) {
      this.#skipped += 1;
    } else if (name === "title") {
      this.#isInTitle = true;
    } else if (headingLevel(name) !== undefined) {
      this.#endSection();
      this.#heading = new HtmlText();
    } else if (name === "pre") {
      this.#text.beginPreformatted();
    } else if (name === "img" && alt !== undefined && alt !== "") {
      this.text(` ${alt} `);
    } else {
      this.#breakAt(name);
    }
  }

  close(name: string): void {
    this.#open -= 1;
    const level = headingLevel(name);
    if (SKIPPED.has(name)) {
      this.#skipped = Math.max(0, this.#skipped - 1);
    } else if (name === "title") {
      this.#isInTitle = false;
    } else if (level !== undefined) {
      this.#path.enter(level, this.#heading?.take() ?? "");
      this.#heading = undefined;
    } else if (name === "pre") {
      this.#text.endPreformatted();
    } else if (CELLS.has(name)) {
      this.#text.endCell();
    } else if (name !== "br") {
      // An item that ends begins no other.
      this.#breakAt(name === "li" ? "tr" : name);
    }
  }

  text(text: string): void {
    if (this.#skipped === 0) {
      (this.#isInTitle ? this.#title : (this.#heading ?? this.#text)).add(text);
    }
  }

  /** Undefined when the page has none. */
  title(): string | undefined {
    const title = this.#title.take();
    return title === "" ? undefined : title;
  }

  sections(): readonly Section[] {
    this.#endSection();
    return this.#sections;
  }

  #breakAt(name: string): void {
    if (name === "li") {
      this.#text.beginItem();
    } else if (LINES.has(name)) {
      this.#text.endLine();
    } else if (PARAGRAPHS.has(name)) {
      this.#text.endParagraph();
    }
  }

  #endSection(): void {
    const text = this.#text.take();
    if (text !== "") {
      this.#sections.push({ headings: this.#path.current(), text });
    }
  }
}

function headingLevel(name: string): number | undefined {
  const digit = /^h([1-6])$/.exec(name)?.[1];
  return digit === undefined ? undefined : Number(digit);
}
