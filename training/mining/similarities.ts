import type { EvaluationSet } from "../artifacts/beir.ts";
import type { Run } from "../artifacts/trec.ts";
import type { DenseScore } from "../eval/retrieve-legs.ts";

/**
 * The encoder's similarity for every candidate and every judged passage of grade 1 and more, found or not: what margins
 * between a positive and a candidate are measured on, whatever ranked the candidates. Best first.
 */
export function similaritiesOf(candidates: Run, { qrels }: EvaluationSet, denseScore: DenseScore): Run {
  return new Map(
    [...candidates].map(([queryId, passages]) => {
      const judged = [...(qrels.get(queryId) ?? [])].filter(([, grade]) => grade > 0).map(([id]) => id);
      const ids = new Set([...passages.map(({ id }) => id), ...judged]);
      const scored = [...ids].flatMap((id) => {
        const score = denseScore(queryId, id);
        return score === undefined ? [] : [{ id, score }];
      });
      return [queryId, scored.toSorted((a, b) => b.score - a.score)] as const;
    }),
  );
}
