import { formatPValue, formatTable } from "../format-table.ts";
import type { ReportData } from "./report-data.ts";
import { retrievalStatistics } from "./retrieval-statistics.ts";

/** The report in a few lines of a terminal: each set's rows by the first measure, and how they compare with the base. */
export function summaryTable({ sets, measures: [measure = ""], seed }: ReportData): string {
  const rows = sets.flatMap((set) => {
    const { retrieval, hybrid } = retrievalStatistics(set, { measures: [measure], seed });
    const named = [...retrieval, ...hybrid.map((row) => ({ ...row, name: `${row.name}, hybrid` }))];
    return named.map(({ name, mean, n, comparison }) => [
      `${set.name}: ${name}`,
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
