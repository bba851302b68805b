/** How much two choices of passages agree, over many questions. */
export interface Overlap {
  /** Mean of |A and B| / |A or B| over the questions where either has a passage (Jaccard); 0 without any. */
  readonly jaccard: number;
  readonly questions: number;
}

type Sets = ReadonlyMap<string, ReadonlySet<string>>;

/** Jaccard overlap of two choices by question; a question that only one of them has is left out. */
export function meanOverlap(a: Sets, b: Sets): Overlap {
  let sum = 0;
  let questions = 0;
  for (const [queryId, left] of a) {
    const right = b.get(queryId);
    const union = left.union(right ?? new Set());
    if (right !== undefined && union.size > 0) {
      sum += left.intersection(right).size / union.size;
      questions++;
    }
  }
  return { jaccard: questions === 0 ? 0 : sum / questions, questions };
}
