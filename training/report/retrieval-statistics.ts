import type { ReportData, ReportSet } from "./report-data.ts";
import { rowStatistics } from "./row-statistics.ts";
import type { RowStatistics } from "./row-statistics.ts";

/** A set's rows that retrieve, against the base. */
export interface RetrievalStatistics {
  /** By full text or vectors alone. */
  readonly retrieval: readonly RowStatistics[];
  /** By both joined; empty where that was not measured. */
  readonly hybrid: readonly RowStatistics[];
}

/** Statistics of both ways in which a set's rows were searched; either is a family of its own for Holm's correction. */
export function retrievalStatistics(
  { rows, base }: ReportSet,
  { measures, seed }: Pick<ReportData, "measures" | "seed">,
): RetrievalStatistics {
  const of = (leg: keyof RetrievalStatistics): RowStatistics[] => {
    const scored = rows.flatMap(({ name, [leg]: scores }) => (scores === undefined ? [] : [{ name, scores }]));
    return rowStatistics({ rows: scored, base, measures, seed });
  };
  return { retrieval: of("retrieval"), hybrid: of("hybrid") };
}
