/** A stretch of a document under one heading, and the headings above it. */
export interface Section {
  /** Outermost first; empty before the first heading. */
  readonly headings: readonly string[];
  /** Paragraphs separated by empty lines. */
  readonly text: string;
}

/** What a reader makes of a document. */
export interface ReadableDocument {
  /** As the document itself says it; undefined when it does not. */
  readonly title: string | undefined;
  /** In reading order. May be read once only. */
  readonly sections: Iterable<Section>;
}

/** The headings that stand above a text: a heading closes those of its level and below. */
export class HeadingPath {
  #open: { readonly level: number; readonly text: string }[] = [];

  /** `level` 1 is the outermost. */
  enter(level: number, text: string): void {
    this.#open = [...this.#open.filter((heading) => heading.level < level), { level, text }];
  }

  /** Outermost first; headings without text are left out. */
  current(): readonly string[] {
    return this.#open.map(({ text }) => text).filter((text) => text !== "");
  }
}
