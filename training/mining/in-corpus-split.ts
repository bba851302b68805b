import { hashSplit } from "../artifacts/hash-split.ts";

/** Of the passages of a corpus: those that training may see, and those kept for development and for the test. */
const PASSAGE_SHARES = { seen: 0.65, "dev-unseen": 0.1, "test-unseen": 0.25 };

/** Of the questions about passages that training may see. */
const QUESTION_SHARES = { train: 0.7, "dev-seen": 0.1, "test-seen": 0.2 };

/** Passages and questions are cut independently. */
const PASSAGE_SEED = 1;
const QUESTION_SEED = 2;

/** The parts of a set of questions over one corpus: see `inCorpusSplit`. */
export type InCorpusPart = keyof typeof QUESTION_SHARES | Exclude<keyof typeof PASSAGE_SHARES, "seen">;

/**
 * Splits the questions of one corpus for adaptation inside it, tested twice: on new questions about passages that training
 * saw (`…-seen`), and on questions about passages it never saw (`…-unseen`). The passage decides first, so no question of
 * training is about an unseen passage. For a question with several relevant passages, pass the first of the best grade.
 */
export function inCorpusSplit({
  queryId,
  passageId,
}: {
  readonly queryId: string;
  readonly passageId: string;
}): InCorpusPart {
  const ofPassage = hashSplit(passageId, { shares: PASSAGE_SHARES, seed: PASSAGE_SEED });
  return ofPassage === "seen" ? hashSplit(queryId, { shares: QUESTION_SHARES, seed: QUESTION_SEED }) : ofPassage;
}
