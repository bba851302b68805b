/** Middle value; of an even number of values the upper one of the two. NaN for none. */
export function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}

/** The smallest value that at least the share `rank` (0..1) of the values does not exceed. NaN for none. */
export function percentile(values: readonly number[], rank: number): number {
  const position = Math.min(values.length - 1, Math.floor(values.length * rank));
  return values.toSorted((a, b) => a - b)[position] ?? Number.NaN;
}

/** Milliseconds that an asynchronous action takes. */
export async function time(action: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await action();
  return performance.now() - start;
}
