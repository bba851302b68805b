/** Questions of one split, perhaps of one set of several in a folder. */
export interface AnswerPart {
  /** In tables and records. */
  readonly name: string;
  readonly split: string;
  /** Only questions whose fields have these values. */
  readonly where?: Readonly<Record<string, string>>;
  /** Only questions about passages that training saw, see `--seen`. */
  readonly isSeen?: boolean;
}

/** Questions with right answers, and a corpus that may help with them. */
export interface AnswerSet {
  /** Folder with `queries.jsonl`: below that of the data, or of what `in-corpus.ts questions` made. */
  readonly questions: { readonly below: "data" | "work"; readonly folder: string };
  /** Folder of the data with `corpus.jsonl`. */
  readonly corpus: string;
  /** Below the work folder: the corpus' vectors, of passages of 128 tokens (`aar encode`). */
  readonly vectors: string;
  /** `open`: short answers. `choice`: the letter of an option. */
  readonly kind: "open" | "choice";
  readonly test: readonly AnswerPart[];
  /** The number of passages in a prompt is chosen on these. */
  readonly dev: readonly AnswerPart[];
}

/** Cut as `in-corpus.ts` cuts a set. */
function inCorpus(name: string, corpus: string): AnswerSet {
  const part = (split: string): AnswerPart => ({ name: split, split, isSeen: split === "test-seen" });
  return {
    questions: { below: "work", folder: `${name}/questions` },
    corpus,
    vectors: `${name}/vectors`,
    kind: "open",
    test: [part("test-seen"), part("test-unseen")],
    dev: [part("dev-seen"), part("dev-unseen")],
  };
}

const NQ_DEV: AnswerPart = { name: "nq dev", split: "dev", where: { set: "nq_passages" } };
const OVER_WIKIPEDIA = {
  questions: { below: "data", folder: "wiki_all" },
  corpus: "wiki_all",
  vectors: "squadshifts_wiki/vectors", // of the same corpus
  kind: "open",
  dev: [NQ_DEV],
} as const;

export const ANSWER_SETS = {
  squadshifts_wiki: inCorpus("squadshifts_wiki", "wiki_all"),
  squadshifts_amazon: inCorpus("squadshifts_amazon", "squadshifts_amazon"),
  squadshifts_reddit: inCorpus("squadshifts_reddit", "squadshifts_reddit"),
  nq: { ...OVER_WIKIPEDIA, test: [{ name: "nq test", split: "test", where: { set: "nq_passages" } }] },
  // It has no other questions than those to be tested: the number of passages is that of NQ.
  popqa: { ...OVER_WIKIPEDIA, test: [{ name: "popqa", split: "test", where: { set: "popqa" } }] },
  // The paper reports the validation split.
  mmlu: {
    questions: { below: "data", folder: "mmlu" },
    corpus: "openstax_ccby",
    vectors: "openstax_ccby/vectors",
    kind: "choice",
    test: [{ name: "mmlu val", split: "val" }],
    dev: [{ name: "mmlu dev", split: "dev" }],
  },
} as const satisfies Readonly<Record<string, AnswerSet>>;

export type AnswerSetName = keyof typeof ANSWER_SETS;
