import path from "node:path";
import { loadEvaluationSet } from "../../../training/artifacts/beir.ts";
import type { EvaluationSet } from "../../../training/artifacts/beir.ts";
import { IN_CORPUS_SETS } from "../../../training/reproduction/in-corpus/sets.ts";
import type { InCorpusPart, InCorpusSet } from "../../../training/reproduction/in-corpus/sets.ts";
import { loadJudgedSet } from "../../../training/reproduction/judged-sets.ts";
import { openCorpus } from "./open-set.ts";
import type { OpenedCorpus, OpenedSet } from "./open-set.ts";
import type { Workshop } from "./workshop.ts";

/** Questions of a part, and where their passages are. */
export interface PartQuestions {
  readonly part: InCorpusPart;
  readonly corpus: OpenedCorpus;
  readonly measured: EvaluationSet;
  /** `measured`, and those of the part that a cohort leaves out: what is searched once for all cohorts. */
  readonly all: EvaluationSet;
}

const NOTHING: EvaluationSet = { queries: [], qrels: new Map() };

/**
 * The questions of a part; none when the set has no such part. Of a `…-seen` part, only questions about a passage that a question of
 * the cohort is about, by judgments: the same ones for all conditions.
 */
export async function partQuestions(set: OpenedSet, part: InCorpusPart, workshop: Workshop): Promise<PartQuestions> {
  const { elsewhere }: InCorpusSet = IN_CORPUS_SETS[set.name];
  const judged = elsewhere?.[part];
  if (judged !== undefined) {
    const { data, work } = workshop;
    const all = await loadJudgedSet(data, judged, Number.POSITIVE_INFINITY);
    const corpus = await openCorpus(path.join(data, judged.corpus, "corpus.jsonl"), {
      vectorsFolder: path.join(work, judged.corpus, "vectors"),
      workshop,
    });
    return { part, corpus, measured: all, all };
  }
  const all = await loadEvaluationSet(set.folder, part.startsWith("dev-spare-") ? "train" : part).catch(() => NOTHING);
  const cohort = new Set(set.labelled.queries.map(({ id }) => id));
  const seen = new Set([...cohort].flatMap((id) => [...(set.labelled.qrels.get(id)?.keys() ?? [])]));
  const isSeen = (id: string): boolean => [...(all.qrels.get(id)?.keys() ?? [])].some((passage) => seen.has(passage));
  const isOf: Partial<Record<InCorpusPart, (id: string) => boolean>> = {
    "dev-seen": isSeen,
    "test-seen": isSeen,
    "dev-spare-seen": (id) => !cohort.has(id) && isSeen(id),
    "dev-spare-unseen": (id) => !cohort.has(id) && !isSeen(id),
  };
  const { [part]: isMeasured = () => true } = isOf;
  return {
    part,
    corpus: set.corpus,
    measured: { ...all, queries: all.queries.filter(({ id }) => isMeasured(id)) },
    all,
  };
}
