import path from "node:path";
import { loadEvaluationSet } from "../../../training/artifacts/beir.ts";
import type { EvaluationSet } from "../../../training/artifacts/beir.ts";
import { hashFraction } from "../../../training/artifacts/hash-split.ts";

export const SHARED_DATA = path.resolve(import.meta.dirname, "../../../../shared/data");

export interface FusionSet {
  readonly name: string;
  readonly corpus: string;
  /** Split whose questions the table shows. */
  readonly shown: string;
  /** Development questions for the fits; never a test split. */
  readonly dev?: string;
  /** Questions whose id begins so. */
  readonly prefix?: string;
  /** Grade from which a passage counts; PopQA's object pages have 1. */
  readonly minGrade?: number;
}

/** Those of BASELINES.md. */
export const TEST_SETS: readonly FusionSet[] = [
  { name: "nfcorpus", corpus: "nfcorpus", shown: "test", dev: "dev" },
  { name: "fairytaleqa", corpus: "fairytaleqa", shown: "test", dev: "val" },
  { name: "bioasq", corpus: "bioasq_7b_11b", shown: "test", dev: "train" },
  { name: "nq", corpus: "wiki_all", shown: "test", dev: "dev", prefix: "nq_passages/" },
  { name: "popqa", corpus: "wiki_all", shown: "test", prefix: "popqa/", minGrade: 2 },
  { name: "xquad", corpus: "wiki_all", shown: "test", prefix: "xquad_en/" },
  { name: "hotpotqa", corpus: "wiki_all", shown: "test", dev: "dev", prefix: "hotpotqa_small/" },
  { name: "dl19", corpus: "msmarco_dl19_dl20", shown: "dl19" },
  { name: "dl20", corpus: "msmarco_dl19_dl20", shown: "dl20" },
];

/**
 * What decisions are made on. squadshifts names all of its questions test, having no other split: they are there to be trained
 * on, and none of them is in the table of tests.
 */
export const DEVELOPMENT_SETS: readonly FusionSet[] = [
  { name: "nfcorpus dev", corpus: "nfcorpus", shown: "dev", dev: "dev" },
  { name: "nfcorpus train", corpus: "nfcorpus", shown: "train", dev: "train" },
  { name: "fairytaleqa val", corpus: "fairytaleqa", shown: "val", dev: "val" },
  { name: "bioasq train", corpus: "bioasq_7b_11b", shown: "train", dev: "train" },
  { name: "nq dev", corpus: "wiki_all", shown: "dev", dev: "dev", prefix: "nq_passages/" },
  { name: "nq train", corpus: "wiki_all", shown: "train", dev: "train", prefix: "nq_passages/" },
  { name: "hotpotqa dev", corpus: "wiki_all", shown: "dev", dev: "dev", prefix: "hotpotqa_small/" },
  { name: "hotpotqa train", corpus: "wiki_all", shown: "train", dev: "train", prefix: "hotpotqa_small/" },
  { name: "boolq dev", corpus: "wiki_all", shown: "dev", dev: "dev", prefix: "boolq_dev/" },
  { name: "squadshifts wiki", corpus: "wiki_all", shown: "test", dev: "test", prefix: "squadshifts_wiki/" },
  { name: "squadshifts amazon", corpus: "squadshifts_amazon", shown: "test", dev: "test" },
];

/** Questions of a split of a set, at most so many by a hash of their ids. */
export async function loadSet(
  { corpus, prefix = "", minGrade = 1 }: FusionSet,
  split: string,
  limit: number,
): Promise<EvaluationSet> {
  const { queries, qrels } = await loadEvaluationSet(path.join(SHARED_DATA, corpus), split);
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
