import { Readability } from "@mozilla/readability";
import { parseHTML } from "linkedom/worker";
import { readHtmlElements } from "./read-html-elements.ts";
import { type ReadableDocument } from "./section.ts";

/**
 * Longest page whose main content is looked for: that needs the document as a tree, some 70 bytes of memory a character. Of a
 * longer one all is taken but what says itself that it is no content.
 */
const MAX_TREE_CHARACTERS = 500_000;
/** Deepest page that becomes a tree: to look for its main content takes time quadratic in that, minutes at some 10,000. */
const MAX_TREE_DEPTH = 200;
/** Main content shorter than this is a guess that went wrong; the library's own default. */
const MIN_ARTICLE_CHARACTERS = 500;

/**
 * HTML: the page's main content as Mozilla's Readability finds it, or all of it when there is no such thing. Throws
 * `invalid_request` for a page that nests without end.
 */
export function readHtml(html: string): ReadableDocument {
  const whole = readHtmlElements(html);
  if (html.length > MAX_TREE_CHARACTERS || whole.depth > MAX_TREE_DEPTH) {
    return whole;
  }
  const article = mainContent(html);
  return article === undefined ? whole : { ...readHtmlElements(article.content), title: article.title ?? whole.title };
}

interface MainContent {
  readonly title: string | undefined;
  readonly content: string;
}

function mainContent(html: string): MainContent | undefined {
  try {
    const { document } = parseHTML(html);
    const article = new Readability(document, { charThreshold: MIN_ARTICLE_CHARACTERS }).parse();
    const { content, title, textContent } = article ?? {};
    if (typeof content !== "string" || (textContent?.trim().length ?? 0) < MIN_ARTICLE_CHARACTERS) {
      return undefined;
    }
    return { content, title: title?.trim() === "" ? undefined : title?.trim() };
  } catch {
    // What the library cannot make sense of; read as a stream it is fine.
    return undefined;
  }
}
