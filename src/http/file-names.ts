import type { DocumentDependencies } from "../ingestion/ingestion-dependencies.ts";
import type { RetrievedPassage } from "../retrieval/types.ts";

export interface FileNamesOptions {
  /** Which the caller has been let into. */
  readonly collection: string;
  readonly passages: readonly RetrievedPassage[];
}

/** What OpenAI's clients are told as the name of a passage's file: its document's title, or else its own. */
export async function fileNames(
  { catalog }: Pick<DocumentDependencies, "catalog">,
  { collection, passages }: FileNamesOptions,
): Promise<(passage: RetrievedPassage) => string> {
  const ids = [...new Set(passages.map(({ passage }) => passage.documentId))];
  const records = ids.length === 0 ? [] : await catalog.get(collection, ids);
  const titles = new Map(records.map(({ id, latest }) => [id, latest?.title ?? ""]));
  return ({ passage }) => titles.get(passage.documentId) || passage.title;
}
