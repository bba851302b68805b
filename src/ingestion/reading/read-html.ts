import { Readability } from "@mozilla/readability";
import { parseHTML } from "linkedom/worker";
import { readHtmlElements } from "./read-html-elements.ts";
import { type ReadableDocument } from "./section.ts";

/**
 * Longest page whose main content is looked for: that needs the document as a tree, some 70 bytes of memory a character. Of a
 * longer one all is taken but what says itself that it is no content.
 */
const MAX_TREE_CHARACTERS = 500_000;
/** Main content shorter than this is a guess that went wrong; the library's own default. */
const MIN_ARTICLE_CHARACTERS = 500;

/** HTML: the page's main content as Mozilla's Readability finds it, or all of it when there is no such thing. */
export function readHtml(html: string): ReadableDocument {
  const whole = readHtmlElements(html);
  if (html.length > MAX_TREE_CHARACTERS) {
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
    // Nested too deep for a tree; read as a stream it is fine.
    return undefined;
  }
}
