import { AppError } from "../../shared/errors.ts";
import { readHtml } from "./read-html.ts";
import { readJsonRecords } from "./read-json.ts";
import { readMarkdown } from "./read-markdown.ts";
import { readText } from "./read-text.ts";
import type { ReadableDocument } from "./section.ts";

interface DocumentFormat {
  readonly read: (content: string) => ReadableDocument;
  /** Media types, without parameters. */
  readonly mediaTypes: readonly string[];
  /** Of file names. */
  readonly extensions: readonly string[];
}

/** What a document may be written in. A further format is a reader and an entry. */
const DOCUMENT_FORMATS = {
  text: { read: readText, mediaTypes: ["text/plain"], extensions: ["txt", "text", "log"] },
  markdown: { read: readMarkdown, mediaTypes: ["text/markdown", "text/x-markdown"], extensions: ["md", "markdown"] },
  html: { read: readHtml, mediaTypes: ["text/html", "application/xhtml+xml"], extensions: ["html", "htm", "xhtml"] },
  json: { read: readJsonRecords, mediaTypes: ["application/json"], extensions: ["json"] },
} as const satisfies Record<string, DocumentFormat>;

export type DocumentFormatName = keyof typeof DOCUMENT_FORMATS;

export const DOCUMENT_FORMAT_NAMES = Object.keys(DOCUMENT_FORMATS) as [DocumentFormatName, ...DocumentFormatName[]];

/** Reads a document. Throws `invalid_request` when it is not what its format says. */
export function readDocument(format: DocumentFormatName, content: string): ReadableDocument {
  return DOCUMENT_FORMATS[format].read(content);
}

/**
 * The format of a file by its media type or, where that says nothing, its name. Throws `unsupported_format`, naming those
 * there are.
 */
export function documentFormatOf({
  mediaType,
  name,
}: {
  readonly mediaType: string;
  readonly name: string;
}): DocumentFormatName {
  const type = mediaType.split(";")[0]?.trim().toLowerCase() ?? "";
  const extension = name.split(".").at(-1)?.toLowerCase() ?? "";
  const formats: readonly (readonly [string, DocumentFormat])[] = Object.entries(DOCUMENT_FORMATS);
  // `text/plain` is also what clients say of a file that they do not know.
  const byName = formats.find(([, { extensions }]) => extensions.includes(extension));
  const byType = formats.find(([, { mediaTypes }]) => mediaTypes.includes(type));
  const found =
    type === "" || type === "application/octet-stream" || type === "text/plain"
      ? (byName ?? byType)
      : (byType ?? byName);
  const format = DOCUMENT_FORMAT_NAMES.find((known) => known === found?.[0]);
  if (format === undefined) {
    throw new AppError(
      "unsupported_format",
      `"${name.slice(0, 200)}" (${type || "no media type"}) is in no format that is read here; there are ${DOCUMENT_FORMAT_NAMES.join(", ")}`,
      { details: { param: "file" } },
    );
  }
  return format;
}
