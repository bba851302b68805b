import type { Qrels } from "../artifacts/beir.ts";
import type { Run } from "../artifacts/trec.ts";

/** Where the first stage puts what people judged relevant: what labels and negatives can be made of. */
export interface FoundPositives {
  /** Questions with a judgment of grade 1 or more. */
  readonly judged: number;
  /** Share of these with a relevant passage among the first 1, 10, and all of the candidates. */
  readonly first: number;
  readonly firstTen: number;
  readonly anywhere: number;
}

export function countFoundPositives(run: Run, qrels: Qrels): FoundPositives {
  const ranks = [...qrels].flatMap(([queryId, grades]) => {
    const isJudged = [...grades.values()].some((grade) => grade > 0);
    const rank = (run.get(queryId) ?? []).findIndex(({ id }) => (grades.get(id) ?? 0) > 0);
    return isJudged ? [rank === -1 ? Infinity : rank] : [];
  });
  const share = (depth: number): number =>
    ranks.length === 0 ? 0 : ranks.filter((rank) => rank < depth).length / ranks.length;
  return { judged: ranks.length, first: share(1), firstTen: share(10), anywhere: share(Infinity) };
}
