/** Largest difference, relative to the largest expected entry; Infinity when lengths differ. */
export function relativeError(found: ArrayLike<number> | undefined, expected: ArrayLike<number>): number {
  if (found?.length !== expected.length) {
    return Infinity;
  }
  let worst = 0;
  let largest = 0;
  for (let index = 0; index < expected.length; index += 1) {
    worst = Math.max(worst, Math.abs((found[index] ?? NaN) - (expected[index] ?? NaN)));
    largest = Math.max(largest, Math.abs(expected[index] ?? NaN));
  }
  return Number.isNaN(worst) ? Infinity : worst / Math.max(largest, Number.MIN_VALUE);
}
