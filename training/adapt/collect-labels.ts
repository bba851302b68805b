import { existsSync } from "node:fs";
import path from "node:path";
import { readAllQrels } from "../artifacts/beir.ts";
import { readLmScores } from "../artifacts/lm-scores.ts";
import type { ReportLabels } from "../report/report-data.ts";
import type { Experiment, ExperimentSet } from "./experiment.ts";
import { setOfRole } from "./experiment.ts";

export interface CollectLabelsOptions {
  readonly experiment: Experiment;
  readonly work: string;
  readonly folderOf: (set: ExperimentSet) => string;
}

interface SignalScores {
  readonly human: number[];
  readonly others: number[];
  readonly questions: Set<string>;
  /** Questions whose best passage under the signal is a human positive, of those that have one among the labelled. */
  best: Map<string, { score: number; isHuman: boolean; hasHuman: boolean }>;
}

/** How each signal scored what people judged relevant, and the rest. */
export async function collectLabels({ experiment, work, folderOf }: CollectLabelsOptions): Promise<ReportLabels[]> {
  const train = setOfRole(experiment, "train");
  if (train === undefined) {
    return [];
  }
  const qrels = await readAllQrels(folderOf(train));
  const files = experiment.scores.length > 0 ? experiment.scores : [path.join(work, "lm-scores.jsonl")];
  const bySignal = new Map<string, SignalScores>();
  for (const file of files.filter((name) => existsSync(name))) {
    for await (const { queryId, passageId, signal, score } of readLmScores(file)) {
      const known = bySignal.get(signal) ?? { human: [], others: [], questions: new Set(), best: new Map() };
      const isHuman = (qrels.get(queryId)?.get(passageId) ?? 0) > 0;
      (isHuman ? known.human : known.others).push(score);
      known.questions.add(queryId);
      const best = known.best.get(queryId);
      const hasHuman = isHuman || best?.hasHuman === true;
      known.best.set(
        queryId,
        best !== undefined && best.score >= score ? { ...best, hasHuman } : { score, isHuman, hasHuman },
      );
      bySignal.set(signal, known);
    }
  }
  return [...bySignal].map(([signal, scores]) => toLabels(signal, scores));
}

function toLabels(signal: string, { human, others, questions, best }: SignalScores): ReportLabels {
  const all = human.length + others.length;
  const positive = [...human, ...others].filter((score) => score > 0).length;
  const withHuman = [...best.values()].filter(({ hasHuman }) => hasHuman);
  const agreed = withHuman.filter(({ isHuman }) => isHuman).length;
  const share = (part: number, of: number): string => (of === 0 ? "—" : `${((100 * part) / of).toFixed(0)} %`);
  return {
    signal,
    humanPositives: human,
    others,
    facts: {
      "questions labelled": String(questions.size),
      "passages labelled": String(all),
      "scores above 0": share(positive, all),
      "questions with a human positive among the labelled": share(withHuman.length, questions.size),
      "of these, the LM's best is a human positive": share(agreed, withHuman.length),
    },
  };
}
