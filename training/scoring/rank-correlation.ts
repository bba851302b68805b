/**
 * Spearman's rank correlation: Pearson's of the ranks, ties sharing the mean of theirs. Undefined when one side does not vary
 * or there are fewer than two pairs. Throws a RangeError when the sides differ in length.
 */
export function rankCorrelation(a: readonly number[], b: readonly number[]): number | undefined {
  if (a.length !== b.length) {
    throw new RangeError(`rank correlation of ${a.length} and ${b.length} values`);
  }
  const x = averageRanks(a);
  const y = averageRanks(b);
  const mean = (a.length + 1) / 2;
  let xy = 0;
  let xx = 0;
  let yy = 0;
  for (const [index, rank] of x.entries()) {
    const dx = rank - mean;
    const dy = (y[index] ?? 0) - mean;
    xy += dx * dy;
    xx += dx * dx;
    yy += dy * dy;
  }
  return xx === 0 || yy === 0 ? undefined : xy / Math.sqrt(xx * yy);
}

/** Ranks from 1, smallest value first; equal values get the mean of the ranks they take up. */
export function averageRanks(values: readonly number[]): number[] {
  const order = values.map((value, index) => ({ value, index })).toSorted((a, b) => a.value - b.value);
  const ranks: number[] = Array.from({ length: values.length });
  for (let start = 0; start < order.length;) {
    let end = start + 1;
    while (end < order.length && order[end]?.value === order[start]?.value) {
      end += 1;
    }
    for (const { index } of order.slice(start, end)) {
      ranks[index] = (start + 1 + end) / 2;
    }
    start = end;
  }
  return ranks;
}
