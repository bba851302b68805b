import type { MeasureFamily } from "./measure.ts";

/**
 * Normalised discounted cumulative gain (Järvelin and Kekäläinen, TOIS 2002) with linear gain, as trec_eval has it:
 * Σ grade / log2(rank + 1) over the first k, divided by the same of the ideal order of *all* judged passages, retrieved
 * or not. Negative grades gain nothing. 0 for an empty ranking and for a query without a relevant passage.
 */
export const ndcg: MeasureFamily = {
  name: "nDCG",
  aliases: ["NDCG", "ndcg"],
  needsCutoff: false,
  isBinary: false,
  score({ ranking, grades }, { cutoff }) {
    const ideal = discountedGain([...grades.values()].toSorted((a, b) => b - a).slice(0, cutoff));
    const gained = discountedGain(ranking.slice(0, cutoff).map((id) => grades.get(id) ?? 0));
    return ideal === 0 ? 0 : gained / ideal;
  },
};

function discountedGain(grades: readonly number[]): number {
  return grades.reduce((sum, grade, index) => sum + Math.max(0, grade) / Math.log2(index + 2), 0);
}
