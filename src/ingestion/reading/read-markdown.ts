import { Lexer, type Token } from "marked";
import { HeadingPath, type ReadableDocument, type Section } from "./section.ts";

/**
 * Characters parsed at once: memory stays bounded however long the document is, and what is slow in the size of a block
 * (deeply nested lists) stays small.
 */
const WINDOW = 64 * 1024;

/**
 * Markdown (GFM): headings cut, everything else stays as written, since language models read it well. A first heading of
 * level 1 is the title.
 */
export function readMarkdown(text: string): ReadableDocument {
  const [first] = blocks(text);
  const title = first?.type === "heading" && first["depth"] === 1 ? headingText(first) : undefined;
  return { title, sections: toSections(text, title !== undefined) };
}

function* toSections(text: string, startsWithTitle: boolean): Generator<Section> {
  const path = new HeadingPath();
  let isFirst = startsWithTitle;
  let paragraphs: string[] = [];
  const flush = (): Section[] => {
    const section = { headings: path.current(), text: paragraphs.join("\n\n") };
    paragraphs = [];
    return section.text === "" ? [] : [section];
  };
  for (const block of blocks(text)) {
    if (block.type === "heading") {
      yield* flush();
      // The title stands above every passage already.
      path.enter(Number(block["depth"]), isFirst ? "" : headingText(block));
      isFirst = false;
    } else if (block.type !== "space" && block.type !== "def" && block.type !== "hr") {
      paragraphs.push(block.raw.replace(/^\n+/, "").trimEnd());
    }
  }
  yield* flush();
}

/** `## The **bold** [link](url)` -> `The bold link`. */
function headingText(block: Token): string {
  const inline = new Lexer().inlineTokens("text" in block ? String(block.text) : "");
  return plainText(inline).replaceAll(/\s+/g, " ").trim();
}

function plainText(tokens: readonly Token[]): string {
  return tokens
    .map((token) => {
      if ("tokens" in token && token.tokens !== undefined) {
        return plainText(token.tokens);
      }
      return token.type === "html" || !("text" in token) ? "" : String(token.text);
    })
    .join("");
}

/** Block by block, in windows: the last block of a window may go on behind it, so it begins the next one. */
function* blocks(text: string): Generator<Token> {
  let start = 0;
  let size = WINDOW;
  while (start < text.length) {
    const isLast = start + size >= text.length;
    const tokens = parse(text.slice(start, start + size));
    const complete = isLast ? tokens : tokens.slice(0, -1);
    let read = 0;
    for (const token of complete) {
      // As it is written, see `DEEP_NESTING`.
      yield { ...token, raw: text.slice(start + read, start + read + token.raw.length) };
      read += token.raw.length;
    }
    if (isLast) {
      return;
    }
    start += read;
    // A single block longer than the window: it is read whole.
    size = read === 0 ? size * 2 : WINDOW;
  }
}

/**
 * Quotations and lists within eight others, in one line: the parser takes time in the square of their number, minutes for
 * 64 KiB of `* > * >`.
 */
const DEEP_NESTING = /^((?:[ \t]{0,8}(?:>|[*+-]|\d{1,9}[.)])){8})([ \t\d>*+.)-]+)/gm;

/** Words of the same length, so that blocks are found where they are. */
function withoutMarkers(_line: string, kept: string, rest: string): string {
  return kept + "x".repeat(rest.length);
}

/** What nests too deep for the parser is taken as it is. */
function parse(markdown: string): Token[] {
  try {
    return new Lexer().blockTokens(markdown.replaceAll(DEEP_NESTING, withoutMarkers), []);
  } catch {
    return [{ type: "paragraph", raw: markdown, text: markdown }];
  }
}
