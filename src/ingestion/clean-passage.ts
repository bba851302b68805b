import type { Passage } from "../retrieval/types.ts";
import { AppError } from "../shared/errors.ts";

const REPLACEMENT_CHARACTER = "\u{fffd}";

/**
 * The passage without what SQLite cannot hold: a NUL (which text taken from PDFs has) and lone surrogates become U+FFFD in
 * title and text, as in an HTML parser. In ids, the url and the metadata they are refused with `invalid_request`: two ids
 * must not become one, and a filter has to see what was sent. `where` names the passage in messages: `passages[3]`.
 */
export function cleanPassage({ id, documentId, title, text, url, metadata }: Passage, where: string): Passage {
  const exact = { id, documentId, url, metadata };
  for (const [field, value] of Object.entries(exact)) {
    if (holdsUnstorable(value)) {
      const param = `${where}.${field}`;
      const message = `${param} holds a NUL or an unpaired surrogate, which neither index can store`;
      throw new AppError("invalid_request", message, { details: { param } });
    }
  }
  return { ...exact, title: cleanText(title), text: cleanText(text) };
}

/** NUL and lone surrogates become U+FFFD. */
export function cleanText(text: string): string {
  return text.toWellFormed().replaceAll("\0", REPLACEMENT_CHARACTER);
}

/** Looks into lists and nested objects, keys included. */
function holdsUnstorable(value: unknown): boolean {
  if (typeof value === "string") {
    return value.includes("\0") || !value.isWellFormed();
  }
  return typeof value === "object" && value !== null && Object.entries(value).flat().some(holdsUnstorable);
}
