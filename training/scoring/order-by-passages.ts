import type { QueryToScore } from "./signal.ts";

/** Queries back whose passages an LM may still keep: some hundred passages. */
const REMEMBERED_QUERIES = 12;

/**
 * Queries in an order in which those about the same passages follow each other, so that an LM (ours, or a server with a prefix cache)
 * reads a passage once for all of them: each next one shares the most passages with the queries just before it, ties in the given order.
 */
export function orderByPassages(items: readonly QueryToScore[]): QueryToScore[] {
  const byPassage = new Map<string, number[]>();
  for (const [index, { passages }] of items.entries()) {
    for (const { id } of passages) {
      const known = byPassage.get(id);
      if (known === undefined) {
        byPassage.set(id, [index]);
      } else {
        known.push(index);
      }
    }
  }
  const open = new Set(items.keys());
  const ordered: QueryToScore[] = [];
  while (open.size > 0) {
    const recent = ordered.slice(-REMEMBERED_QUERIES);
    const index = mostShared(recent, { byPassage, open });
    open.delete(index);
    ordered.push(...items.slice(index, index + 1));
  }
  return ordered;
}

interface Sharing {
  /** Queries of each passage. */
  readonly byPassage: ReadonlyMap<string, readonly number[]>;
  readonly open: ReadonlySet<number>;
}

/** The open query that shares the most passages with the recent ones; the first open one when none shares any. */
function mostShared(recent: readonly QueryToScore[], { byPassage, open }: Sharing): number {
  const shared = new Map<number, number>();
  for (const id of new Set(recent.flatMap(({ passages }) => passages.map((passage) => passage.id)))) {
    for (const index of byPassage.get(id) ?? []) {
      if (open.has(index)) {
        shared.set(index, (shared.get(index) ?? 0) + 1);
      }
    }
  }
  const [first = 0] = open;
  return [...shared].reduce(
    (best, [index, count]) =>
      count > best.count || (count === best.count && index < best.index) ? { index, count } : best,
    { index: first, count: 0 },
  ).index;
}
