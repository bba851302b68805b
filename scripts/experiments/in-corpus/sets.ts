/** Questions of one corpus, and how they are cut. */
export interface InCorpusSet {
  /** Folder of the data, in BEIR layout. */
  readonly folder: string;
  /** Only questions whose field `set` says this. */
  readonly set?: string;
  readonly cut: InCorpusCut;
}

/**
 * `by-passage`: no split of its own; see `inCorpusSplit`. Otherwise the set's own splits under our names, and questions of its
 * training split cut further by a hash of their ids.
 */
type InCorpusCut =
  | "by-passage"
  | {
      readonly shares: Readonly<Record<string, number>>;
      readonly own: Readonly<Record<string, InCorpusPart>>;
    };

/** Training never sees a passage of an unseen part. */
export const IN_CORPUS_PARTS = ["train", "dev-seen", "dev-unseen", "test-seen", "test-unseen"] as const;

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
} as const satisfies Readonly<Record<string, InCorpusSet>>;

export type InCorpusName = keyof typeof IN_CORPUS_SETS;
