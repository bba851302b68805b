import { test } from "vitest";
import { documentFormatOf } from "../../../../src/ingestion/reading/document-formats.ts";

test.for<[mediaType: string, name: string, format: string]>([
  ["text/markdown", "x", "markdown"],
  ["Text/HTML; charset=utf-8", "x.md", "html"],
  ["application/json", "x", "json"],
  // What clients say of files that they do not know.
  ["text/plain", "notes.md", "markdown"],
  ["application/octet-stream", "page.HTML", "html"],
  ["", "list.json", "json"],
  ["text/plain", "notes", "text"],
  ["application/x-unknown", "notes.txt", "text"],
])("%s of %s is %s", ([mediaType, name, format], { expect }) => {
  expect(documentFormatOf({ mediaType, name })).toBe(format);
});

test.for([
  ["application/pdf", "report.pdf"],
  ["", "archive.zip"],
  ["image/png", "constructor"],
])("%s of %s is refused, and told what there is", ([mediaType = "", name = ""], { expect }) => {
  expect(() => documentFormatOf({ mediaType, name })).toThrow(
    expect.objectContaining({ code: "unsupported_format", message: expect.stringContaining("markdown") }),
  );
});
