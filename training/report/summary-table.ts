import { formatPValue, formatTable } from "../format-table.ts";
import type { ReportData } from "./report-data.ts";
import { rowStatistics } from "./row-statistics.ts";

/** The report in a few lines of a terminal: each set's rows by the first measure, and how they compare with the base. */
export function summaryTable({ sets, measures: [measure = ""], seed }: ReportData): string {
  const rows = sets.flatMap(({ name: set, rows: all, base }) => {
    const retrieved = all.flatMap(({ name, retrieval }) =>
      retrieval === undefined ? [] : [{ name, scores: retrieval }],
    );
    const statistics = rowStatistics({ rows: retrieved, base, measures: [measure], seed });
    return statistics.map(({ name, mean, n, comparison }) => [
      `${set}: ${name}`,
      mean.toFixed(4),
      comparison === undefined
        ? ""
        : `${comparison.meanDifference < 0 ? "" : "+"}${comparison.meanDifference.toFixed(4)}`,
      comparison === undefined ? "" : formatPValue(comparison.pHolm),
      String(n),
    ]);
  });
  return formatTable(["row", measure, "to base", "p (Holm)", "n"], rows);
}
