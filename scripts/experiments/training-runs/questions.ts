import path from "node:path";
import { loadEvaluationSet } from "../../../training/artifacts/beir.ts";
import type { EvaluationQuery, EvaluationSet } from "../../../training/artifacts/beir.ts";
import { hashFraction } from "../../../training/artifacts/hash-split.ts";

/** Questions of one experiment; none is in two parts. */
export interface ExperimentQuestions {
  readonly train: EvaluationSet;
  readonly dev: EvaluationSet;
  readonly test: EvaluationSet;
}

const SQUADSHIFTS = "squadshifts_wiki/";
const SQUADSHIFTS_TRAIN = 6400;
const SQUADSHIFTS_DEV = 538;
const BIOASQ_TRAIN = 1900;

/**
 * Questions of squadshifts_wiki over all passages of wiki_all, cut by hash of id: 6,400 to train on, 538 to select on, and of
 * the last 1,000 those about a passage that a training question is about.
 */
export async function squadshiftsQuestions(data: string): Promise<ExperimentQuestions> {
  const { queries, qrels } = await loadEvaluationSet(path.join(data, "wiki_all"), "test");
  const ordered = byHash(queries.filter(({ id }) => id.startsWith(SQUADSHIFTS) && qrels.has(id)));
  const train = ordered.slice(0, SQUADSHIFTS_TRAIN);
  const seen = new Set(train.flatMap(({ id }) => [...(qrels.get(id)?.keys() ?? [])]));
  const devEnd = SQUADSHIFTS_TRAIN + SQUADSHIFTS_DEV;
  const isSeen = ({ id }: EvaluationQuery): boolean => [...(qrels.get(id)?.keys() ?? [])].every((row) => seen.has(row));
  return {
    train: { queries: train, qrels },
    dev: { queries: ordered.slice(SQUADSHIFTS_TRAIN, devEnd), qrels },
    test: { queries: ordered.slice(devEnd).filter(isSeen), qrels },
  };
}

/** bioasq: 1,900 of the train questions by hash of id, the other 80 to select on; its own test. */
export async function bioasqQuestions(data: string): Promise<ExperimentQuestions> {
  const folder = path.join(data, "bioasq_7b_11b");
  const { queries, qrels } = await loadEvaluationSet(folder, "train");
  const ordered = byHash(queries);
  return {
    train: { queries: ordered.slice(0, BIOASQ_TRAIN), qrels },
    dev: { queries: ordered.slice(BIOASQ_TRAIN), qrels },
    test: await loadEvaluationSet(folder, "test"),
  };
}

function byHash(queries: readonly EvaluationQuery[]): EvaluationQuery[] {
  return queries.toSorted((a, b) => hashFraction(a.id) - hashFraction(b.id));
}
