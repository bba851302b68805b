import path from "node:path";
import { loadEvaluationSet } from "../artifacts/beir.ts";
import type { EvaluationSet } from "../artifacts/beir.ts";
import { hashFraction } from "../artifacts/hash-split.ts";

/** Judged questions over one corpus, by the names of a folder of data sets in BEIR layout. */
export interface JudgedSet {
  /** Folder below the data folder. */
  readonly corpus: string;
  /** Split whose questions are measured. */
  readonly split: string;
  /** Only questions whose id begins so. */
  readonly prefix?: string;
  /** Grade from which a passage counts; PopQA's object pages have 1. */
  readonly minGrade?: number;
}

/** Test sets, each with its name in tables. A new one is one line. */
export const TEST_SETS = {
  nfcorpus: { corpus: "nfcorpus", split: "test" },
  fairytaleqa: { corpus: "fairytaleqa", split: "test" },
  bioasq: { corpus: "bioasq_7b_11b", split: "test" },
  nq: { corpus: "wiki_all", split: "test", prefix: "nq_passages/" },
  popqa: { corpus: "wiki_all", split: "test", prefix: "popqa/", minGrade: 2 },
  xquad: { corpus: "wiki_all", split: "test", prefix: "xquad_en/" },
  hotpotqa: { corpus: "wiki_all", split: "test", prefix: "hotpotqa_small/" },
  dl19: { corpus: "msmarco_dl19_dl20", split: "dl19" },
  dl20: { corpus: "msmarco_dl19_dl20", split: "dl20" },
} as const satisfies Readonly<Record<string, JudgedSet>>;

export type TestSetName = keyof typeof TEST_SETS;

/** Over the demo's passages, with questions of `npm run build:adapter`: made here, no data folder is needed. */
export const DEMO_SETS = {
  "factbook-seen": { corpus: "factbook", split: "test-seen" },
  "factbook-unseen": { corpus: "factbook", split: "test-unseen" },
} as const satisfies Readonly<Record<string, JudgedSet>>;

/** Questions of a corpus that are cut here, as `in-corpus/sets.ts` has them: about passages that training sees, and about others. */
export const IN_CORPUS_TESTS = {
  "reddit-seen": { corpus: "squadshifts_reddit", split: "test-seen" },
  "reddit-unseen": { corpus: "squadshifts_reddit", split: "test-unseen" },
  "amazon-seen": { corpus: "squadshifts_amazon", split: "test-seen" },
  "amazon-unseen": { corpus: "squadshifts_amazon", split: "test-unseen" },
  "fairytales-seen": { corpus: "fairytaleqa", split: "test-seen" },
  "fairytales-unseen": { corpus: "fairytaleqa", split: "test-unseen" },
} as const satisfies Readonly<Record<string, JudgedSet>>;

/** What cells of the table of expected values may name. */
export const REPRODUCED_SETS = { ...TEST_SETS, ...DEMO_SETS, ...IN_CORPUS_TESTS };

/**
 * Judged questions of a set, at most `limit` of them by a hash of their ids: fewer are a part of more. Throws
 * `invalid_artifact` when the folder has no such split.
 */
export async function loadJudgedSet(
  data: string,
  { corpus, split, prefix = "", minGrade = 1 }: JudgedSet,
  limit: number,
): Promise<EvaluationSet> {
  const { queries, qrels } = await loadEvaluationSet(path.join(data, corpus), split);
  const chosen = queries
    .filter(({ id }) => id.startsWith(prefix))
    .map((query) => ({ query, fraction: hashFraction(query.id) }))
    .toSorted((a, b) => a.fraction - b.fraction)
    .slice(0, limit)
    .map(({ query }) => query);
  const judged = chosen.map(({ id }) => {
    const grades = [...(qrels.get(id) ?? [])].filter(([, grade]) => grade >= minGrade);
    return [id, new Map(grades)] as const;
  });
  return { queries: chosen, qrels: new Map(judged) };
}
