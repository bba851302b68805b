import { TEST_SETS } from "../judged-sets.ts";
import type { JudgedSet } from "../judged-sets.ts";

/** Questions of one corpus, and how they are cut. */
export interface InCorpusSet {
  /** Folder of the data, in BEIR layout. */
  readonly folder: string;
  /** Only questions whose field `set` says this. */
  readonly set?: string;
  readonly cut: InCorpusCut;
  /** Parts whose questions and passages are of another corpus: what is trained here is measured there, too. */
  readonly elsewhere?: Readonly<Partial<Record<InCorpusPart, JudgedSet>>>;
}

/** One part of a folder that holds several sets of questions. */
interface QuestionSource {
  readonly part: InCorpusPart;
  /** What a question's fields `set` and `split` say. */
  readonly set: string;
  readonly split: string;
  /** Questions at most, by a hash of their ids. */
  readonly limit?: number;
  /** Judgments below are left out. Default: none are. */
  readonly minGrade?: number;
}

/**
 * `by-passage`: no split of its own; see `inCorpusSplit`. `bySet`: as listed. Otherwise the set's own splits under our names, and
 * questions of its training split cut further by a hash of their ids.
 */
type InCorpusCut =
  | "by-passage"
  | { readonly bySet: readonly QuestionSource[] }
  | {
      readonly shares: Readonly<Record<string, number>>;
      readonly own: Readonly<Record<string, InCorpusPart>>;
    };

/**
 * Training never sees a passage of an unseen part. Nothing is dealt to the spare parts: they are questions of `train` that are not in
 * the cohort, which make development larger. What follows those is of the general case.
 */
export const IN_CORPUS_PARTS = [
  "train",
  "dev-seen",
  "dev-unseen",
  "dev-spare-seen",
  "dev-spare-unseen",
  "dev-nq",
  "dev-hotpotqa",
  "test-seen",
  "test-unseen",
  "test-nq",
  "test-popqa",
  "test-xquad",
  "test-hotpotqa",
  "test-nfcorpus",
  "test-dl19",
  "test-dl20",
] as const;

export type InCorpusPart = (typeof IN_CORPUS_PARTS)[number];

export const IN_CORPUS_SETS = {
  squadshifts_wiki: { folder: "wiki_all", set: "squadshifts_wiki", cut: "by-passage" },
  squadshifts_amazon: { folder: "squadshifts_amazon", cut: "by-passage" },
  squadshifts_reddit: { folder: "squadshifts_reddit", cut: "by-passage" },
  // A passage is a snippet that was found for one question: there are no others about it, so nothing to test "seen" with.
  bioasq: {
    folder: "bioasq_7b_11b",
    cut: { shares: { train: 0.85, "dev-unseen": 0.15 }, own: { test: "test-unseen" } },
  },
  // Its own splits have other stories each.
  fairytaleqa: {
    folder: "fairytaleqa",
    cut: {
      shares: { train: 0.8, "dev-seen": 0.1, "test-seen": 0.1 },
      own: { val: "dev-unseen", test: "test-unseen" },
    },
  },
  // The paper's case: one retriever for everything, trained on open questions, tested on others and out of domain.
  general: {
    folder: "wiki_all",
    cut: {
      bySet: [
        { part: "train", set: "nq_passages", split: "train" },
        { part: "train", set: "hotpotqa_small", split: "train" },
        { part: "dev-nq", set: "nq_passages", split: "dev" },
        { part: "dev-hotpotqa", set: "hotpotqa_small", split: "dev" },
        { part: "test-nq", set: "nq_passages", split: "test", limit: 1000 },
        { part: "test-popqa", set: "popqa", split: "test", minGrade: 2 },
        { part: "test-xquad", set: "xquad_en", split: "test" },
        { part: "test-hotpotqa", set: "hotpotqa_small", split: "test" },
      ],
    },
    elsewhere: {
      "test-nfcorpus": TEST_SETS.nfcorpus,
      "test-dl19": TEST_SETS.dl19,
      "test-dl20": TEST_SETS.dl20,
    },
  },
} as const satisfies Readonly<Record<string, InCorpusSet>>;

export type InCorpusName = keyof typeof IN_CORPUS_SETS;
