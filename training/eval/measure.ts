/** What a measure sees of one query. */
export interface RankedQuery {
  /** Passage ids, best first, each at most once. Empty when the retriever found nothing or the run lacks the query. */
  readonly ranking: readonly string[];
  /** Grades of the judged passages; an unjudged passage counts as grade 0. */
  readonly grades: ReadonlyMap<string, number>;
  /** Accepted short answers; empty when the set has none. */
  readonly answers: readonly string[];
  /** Title and text of a passage; undefined when the corpus lacks it. */
  readonly passageText: (id: string) => string | undefined;
}

/** Parameters written in a measure's name: `P(rel=2)@10`. */
export interface MeasureParameters {
  /** Ranks that count; Infinity when the name has no `@k`. */
  readonly cutoff: number;
  /** Lowest grade that counts as relevant. Default 1; measures of graded relevance ignore it. */
  readonly rel: number;
}

/** A family of measures: one file each, one line in the registry. */
export interface MeasureFamily {
  /** As printed: "nDCG". */
  readonly name: string;
  /** Other spellings that parse to the same. */
  readonly aliases: readonly string[];
  /** Whether `name` alone means something, or `@k` must follow. */
  readonly needsCutoff: boolean;
  /** Whether the grade from which a passage is relevant matters (`rel=`). */
  readonly isBinary: boolean;
  /** The score of one query, 0..1; undefined when the measure does not apply to it (no answers to match). */
  score(query: RankedQuery, parameters: MeasureParameters): number | undefined;
}

/** A family with its parameters: a value that can be printed, compared by name and applied. */
export interface Measure {
  /** Canonical: `nDCG@10`, `P(rel=2)@10`, `AP`. */
  readonly name: string;
  score(query: RankedQuery): number | undefined;
}

/** Relevance of the first `cutoff` ranks, for binary measures. */
export function relevantRanks({ ranking, grades }: RankedQuery, { cutoff, rel }: MeasureParameters): boolean[] {
  return ranking.slice(0, cutoff).map((id) => (grades.get(id) ?? 0) >= rel);
}

/** Number of judged passages that are relevant, retrieved or not. */
export function countRelevant({ grades }: RankedQuery, { rel }: MeasureParameters): number {
  let count = 0;
  for (const grade of grades.values()) {
    count += grade >= rel ? 1 : 0;
  }
  return count;
}
