import type { ReadableDocument } from "./section.ts";

/** Plain text: one section, no title. */
export function readText(text: string): ReadableDocument {
  return { title: undefined, sections: [{ headings: [], text }] };
}
