import type { ProductSearch } from "../eval/product-search.ts";
import type { Progress, ProgressOptions } from "../progress.ts";
import type { PreparedExample } from "./training-data.ts";
import type { VectorRows } from "./vector-rows.ts";

export interface MineNegativesOptions {
  readonly search: ProductSearch;
  /** Of the examples' queries, in their order. */
  readonly queryVectors: VectorRows;
  /** Negatives come from the base's first so many passages. */
  readonly depth: number;
  readonly progress: (options: ProgressOptions) => Progress;
  readonly signal: AbortSignal;
}

/** Queries searched at once. */
const QUERIES_PER_SEARCH = 256;

/** Examples with the base's first `depth` passages, less the positives, as hard negatives in the place of their own. */
export async function mineNegatives(
  examples: readonly PreparedExample[],
  { search, queryVectors: { matrix, dims }, depth, progress: createProgress, signal }: MineNegativesOptions,
): Promise<PreparedExample[]> {
  const progress = createProgress({ label: "search negatives", unit: "queries", total: examples.length });
  const mined: PreparedExample[] = [];
  for (let start = 0; start < examples.length; start += QUERIES_PER_SEARCH) {
    signal.throwIfAborted();
    const window = examples.slice(start, start + QUERIES_PER_SEARCH);
    const queries = window.map((_, index) => matrix.subarray((start + index) * dims, (start + index + 1) * dims));
    const found = await search.search(queries, depth);
    for (const [index, example] of window.entries()) {
      const positives = new Set(example.positives);
      const hardNegatives = (found[index] ?? []).map(({ index: row }) => row).filter((row) => !positives.has(row));
      mined.push({ ...example, hardNegatives });
    }
    progress.advance(window.length);
  }
  progress.finish();
  return mined;
}
