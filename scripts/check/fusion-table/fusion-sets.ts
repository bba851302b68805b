import path from "node:path";
import { TEST_SETS as JUDGED_TEST_SETS } from "../../../training/reproduction/judged-sets.ts";
import type { JudgedSet, TestSetName } from "../../../training/reproduction/judged-sets.ts";

export const SHARED_DATA = path.resolve(import.meta.dirname, "../../../../shared/data");

export interface FusionSet extends JudgedSet {
  readonly name: string;
  /** Split of the development questions for the fits; never a test split. */
  readonly dev?: string;
}

const DEVELOPMENT_SPLITS: Partial<Readonly<Record<TestSetName, string>>> = {
  nfcorpus: "dev",
  fairytaleqa: "val",
  bioasq: "train",
  nq: "dev",
  hotpotqa: "dev",
};

/** Those of BASELINES.md. */
export const TEST_SETS: readonly FusionSet[] = Object.entries(JUDGED_TEST_SETS).map(([name, set]) => {
  const dev = DEVELOPMENT_SPLITS[name as TestSetName]; // Object.entries forgets the names
  return { name, ...set, ...(dev === undefined ? {} : { dev }) };
});

/**
 * What decisions are made on. squadshifts names all of its questions test, having no other split: they are there to be trained
 * on, and none of them is in the table of tests.
 */
export const DEVELOPMENT_SETS: readonly FusionSet[] = [
  { name: "nfcorpus dev", corpus: "nfcorpus", split: "dev", dev: "dev" },
  { name: "nfcorpus train", corpus: "nfcorpus", split: "train", dev: "train" },
  { name: "fairytaleqa val", corpus: "fairytaleqa", split: "val", dev: "val" },
  { name: "bioasq train", corpus: "bioasq_7b_11b", split: "train", dev: "train" },
  { name: "nq dev", corpus: "wiki_all", split: "dev", dev: "dev", prefix: "nq_passages/" },
  { name: "nq train", corpus: "wiki_all", split: "train", dev: "train", prefix: "nq_passages/" },
  { name: "hotpotqa dev", corpus: "wiki_all", split: "dev", dev: "dev", prefix: "hotpotqa_small/" },
  { name: "hotpotqa train", corpus: "wiki_all", split: "train", dev: "train", prefix: "hotpotqa_small/" },
  { name: "boolq dev", corpus: "wiki_all", split: "dev", dev: "dev", prefix: "boolq_dev/" },
  { name: "squadshifts wiki", corpus: "wiki_all", split: "test", dev: "test", prefix: "squadshifts_wiki/" },
  { name: "squadshifts amazon", corpus: "squadshifts_amazon", split: "test", dev: "test" },
];
