import { falseNegatives } from "../losses/false-negatives.ts";
import type { SampledBatch } from "./sample-batch.ts";
import { takeRows } from "./vector-rows.ts";
import type { VectorRows } from "./vector-rows.ts";

/** What the base encoder says of a run's texts, computed once. */
export interface Guide {
  /** Of the examples' queries, in their order. */
  readonly queries: VectorRows;
  /** By row of the corpus. */
  readonly passages: VectorRows;
  /** See `FalseNegativeOptions`. */
  readonly margin: number;
}

/** A batch in which what the base encoder takes for in-batch false negatives is masked too; without a guide, as it was. */
export function maskFalseNegatives(
  batch: SampledBatch,
  items: readonly number[],
  guide: Guide | undefined,
): SampledBatch {
  if (guide === undefined) {
    return batch;
  }
  const { passages, passageQuery } = batch;
  const embeddings = {
    queries: takeRows(guide.queries, items).matrix,
    passages: takeRows(guide.passages, passages).matrix,
  };
  const found = falseNegatives({ ...batch, passageIds: passages.map(String) }, embeddings, { margin: guide.margin });
  const mask = batch.falseNegatives.map((bit, index) => bit | (found.mask[index] ?? 0));
  // Own passages are never masked, so every bit is of a passage of another query.
  const others = items.length * passageQuery.length - passageQuery.length;
  const masked = mask.reduce((sum, bit) => sum + bit, 0);
  return { ...batch, falseNegatives: mask, maskedShare: others === 0 ? 0 : masked / others };
}
