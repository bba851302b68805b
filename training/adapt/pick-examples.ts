import type { Qrels } from "../artifacts/beir.ts";
import type { Run } from "../artifacts/trec.ts";
import type { PerQueryScores } from "../eval/per-query-scores.ts";
import type { ReportExample, ReportPassage } from "../report/report-data.ts";
import type { SetQuestion } from "./set-questions.ts";

/** Examples won, and as many lost. */
const EXAMPLES = 5;
/** Passages shown of each row. */
const PASSAGES = 3;

export interface PickExamplesOptions {
  readonly row: string;
  readonly measure: string;
  readonly questions: readonly SetQuestion[];
  readonly baseScores: PerQueryScores;
  readonly scores: PerQueryScores;
  readonly baseRun: Run;
  readonly run: Run;
  readonly qrels: Qrels;
  readonly passages: ReadonlyMap<string, { readonly id: string; readonly title: string; readonly text: string }>;
}

/** The questions that a row won most on, and lost most on; ties in the order of the set. Not typical ones: extremes. */
export function pickExamples(options: PickExamplesOptions): ReportExample[] {
  const { measure, questions, baseScores, scores } = options;
  const changed = questions
    .flatMap((question) => {
      const [own, other] = [scores.get(question.id)?.[measure], baseScores.get(question.id)?.[measure]];
      return own === undefined || other === undefined || own === other
        ? []
        : [{ question, score: own, baseScore: other, gain: own - other }];
    })
    .toSorted((a, b) => b.gain - a.gain);
  const won = changed.filter(({ gain }) => gain > 0).slice(0, EXAMPLES);
  const lost = changed
    .filter(({ gain }) => gain < 0)
    .slice(-EXAMPLES)
    .toReversed();
  return [...won, ...lost].map(({ question, score, baseScore }) => ({
    question: question.text,
    answers: question.answers,
    row: options.row,
    measure,
    baseScore,
    score,
    basePassages: passagesOf(question.id, options.baseRun, options),
    passages: passagesOf(question.id, options.run, options),
  }));
}

function passagesOf(queryId: string, run: Run, { passages, qrels }: PickExamplesOptions): ReportPassage[] {
  return (run.get(queryId) ?? []).slice(0, PASSAGES).map(({ id }) => {
    const { title = "", text = "" } = passages.get(id) ?? {};
    return { id, title, text, isRelevant: (qrels.get(queryId)?.get(id) ?? 0) > 0 };
  });
}
