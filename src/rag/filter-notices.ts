import type { RetrieveOutcome } from "../retrieval/types.ts";
import type { VectorFilter } from "../vector-index/vector-index.ts";
import type { RetrievalNotice } from "./answer-event.ts";

/**
 * Says so when nothing was found under a filter. Vectorize matches nothing, without an error, for a property that is
 * misspelt or was indexed too late, and that looks like a collection without an answer.
 */
export function filterNotices(
  { passages }: Pick<RetrieveOutcome, "passages">,
  filter: VectorFilter | undefined,
): readonly RetrievalNotice[] {
  if (filter === undefined || passages.length > 0) {
    return [];
  }
  const names = Object.keys(filter).join(", ");
  const message = `no passage matched the query and the filter (on ${names}); a property has to be indexed before its passages are uploaded`;
  return [{ code: "filter_matched_nothing", message }];
}
