import type { DocumentDependencies } from "../../ingestion/ingestion-dependencies.ts";
import { citationUrl } from "../../retrieval/citation-url.ts";
import { AppError } from "../../shared/errors.ts";
import type { FetchResult } from "../schemas/mcp.ts";

/** Some 250,000 tokens: more than a model reads, and well within what a reply may hold. */
const MAX_PASSAGES = 1_000;

/** A document as its passages have it, in order. `collection` is one that the caller has been let into. */
export async function readDocument(
  { catalog }: Pick<DocumentDependencies, "catalog">,
  collection: string,
  id: string,
): Promise<FetchResult> {
  const [records, passages] = await Promise.all([
    catalog.get(collection, [id]),
    catalog.passages(collection, id, MAX_PASSAGES + 1),
  ]);
  const [first] = passages;
  if (first === undefined) {
    throw new AppError("unknown_document", `there is no document "${id.slice(0, 256)}" in this collection`, {
      details: { param: "id" },
    });
  }
  return {
    id,
    title: records[0]?.latest?.title || first.title,
    text: passages
      .slice(0, MAX_PASSAGES)
      .map(({ text }) => text)
      .join("\n\n"),
    url: citationUrl(first),
    metadata: { ...first.metadata, ...(passages.length > MAX_PASSAGES ? { truncated: true } : {}) },
  };
}
