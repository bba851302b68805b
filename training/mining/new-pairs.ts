import type { Run } from "../artifacts/trec.ts";

/** Signals by query and passage: which pairs a source LM has scored already. */
export interface KnownPairs {
  has(queryId: string, passageId: string): boolean;
}

/**
 * Of the first `depth` candidates of each query those that have no score yet, in the run's order: what a further round of
 * mining asks the source LM. Queries without any new passage are left out.
 */
export function newPairs(candidates: Run, known: KnownPairs, depth: number): Run {
  const pairs = [...candidates].map(
    ([queryId, passages]) => [queryId, passages.slice(0, depth).filter(({ id }) => !known.has(queryId, id))] as const,
  );
  return new Map(pairs.filter(([, passages]) => passages.length > 0));
}
