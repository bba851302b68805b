import type { PairComparison } from "../eval/compare-pairs.ts";
import { formatPValue, formatTable } from "../format-table.ts";

/** Comparisons as a text table; the column of the corrected p-value stands only where there was something to correct. */
export function formatComparisons(comparisons: readonly PairComparison[]): string {
  const isCorrected = new Set(comparisons.map(({ name }) => name)).size > 1;
  return formatTable(
    ["other", "measure", "difference", "95 % interval", "p", ...(isCorrected ? ["p (Holm)"] : []), "won/lost/n"],
    comparisons.map(({ name, measure, meanDifference, interval, pValue, pHolm, wins, losses, n }) => [
      name,
      measure,
      signed(meanDifference),
      `${signed(interval.low)} ${signed(interval.high)}`,
      formatPValue(pValue),
      ...(isCorrected ? [formatPValue(pHolm)] : []),
      `${wins}/${losses}/${n}`,
    ]),
  );
}

function signed(value: number): string {
  return `${value < 0 ? "" : "+"}${value.toFixed(4)}`;
}
