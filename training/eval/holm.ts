/**
 * Holm's step-down correction (Scandinavian Journal of Statistics, 1979) of p-values that were looked at together: the
 * i-th smallest of m is multiplied by m - i + 1, none falls below the one before, none exceeds 1. To reject where the
 * result is at most α keeps the chance of one false rejection among all m below α. Keeps the order given; equal p-values
 * stay equal. Bonferroni would multiply all by m and is never more powerful.
 */
export function holm(pValues: readonly number[]): number[] {
  const order = [...pValues.keys()].toSorted((i, j) => (pValues[i] ?? 0) - (pValues[j] ?? 0));
  const adjusted = Array.from(pValues, () => 0);
  let floor = 0;
  for (const [rank, index] of order.entries()) {
    floor = Math.max(floor, Math.min(1, (pValues.length - rank) * (pValues[index] ?? 0)));
    adjusted[index] = floor;
  }
  return adjusted;
}
