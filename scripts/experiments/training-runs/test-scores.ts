import type { EvaluationSet } from "../../../training/artifacts/beir.ts";
import { evaluateRun } from "../../../training/eval/evaluate-run.ts";
import type { RunEvaluation } from "../../../training/eval/evaluate-run.ts";
import { parseMeasure } from "../../../training/eval/measures.ts";
import { ProductSearch } from "../../../training/eval/product-search.ts";
import type { Searched } from "./test-pool.ts";

const MEASURE = "nDCG@10";
const DEPTH = 100;

export interface TestScoresOptions {
  readonly test: EvaluationSet;
  /** Of the test's queries, in their order. */
  readonly queries: readonly Float32Array[];
  readonly searched: Searched;
  readonly threads: number;
}

/** nDCG@10 of each test question, by exact search. */
export async function testScores({ test, queries, searched, threads }: TestScoresOptions): Promise<RunEvaluation> {
  const { matrix, ids, facts } = searched;
  const search = await ProductSearch.open({ matrix, dims: facts.dims, similarity: facts.similarity, threads });
  const found = await search.search(queries, DEPTH);
  await search.close();
  const run = new Map(
    test.queries.map(({ id }, index) => [
      id,
      (found[index] ?? []).map(({ index: row, score }) => ({ id: ids[row] ?? "", score })),
    ]),
  );
  return evaluateRun({ run, set: test, measures: [parseMeasure(MEASURE)], passageText: () => undefined });
}

export function meanOf({ means }: RunEvaluation): number {
  return means[0]?.mean ?? 0;
}
