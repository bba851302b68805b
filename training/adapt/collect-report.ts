import { existsSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { loadCorpus, loadEvaluationSet } from "../artifacts/beir.ts";
import { readTrecRun } from "../artifacts/trec.ts";
import { readPerQueryScores } from "../eval/per-query-scores.ts";
import type { PerQueryScores } from "../eval/per-query-scores.ts";
import type { ReportData, ReportOverlap, ReportRow, ReportSet, ReportStage } from "../report/report-data.ts";
import { collectLabels } from "./collect-labels.ts";
import { collectTraining } from "./collect-training.ts";
import type { Experiment, ExperimentSet } from "./experiment.ts";
import { pickExamples } from "./pick-examples.ts";
import { BARE_ROW, BASE_ROW, hybridRowName, LEXICAL_ROW, resultFolder, rowName } from "./plan-evaluation.ts";
import { conditionsOf } from "./plan.ts";
import { PRESETS } from "./presets.ts";
import type { QuestionsBySet } from "./set-questions.ts";
import type { StageRecord } from "./stage-record.ts";

export interface CollectReportOptions {
  readonly experiment: Experiment;
  readonly work: string;
  readonly questions: QuestionsBySet;
  /** Folder of each set, with `where` applied. */
  readonly folderOf: (set: ExperimentSet) => string;
  readonly records: readonly StageRecord[];
}

/** Columns of the retrieval table, the main one first; those that a set lacks are left out. */
const MEASURES = ["nDCG@10", "MRR@10", "Recall@100", "Success@1", "AnswerMatch@1", "AnswerMatch@5"];
const ANSWER_MEASURES = ["Accuracy", "EM", "F1", "LogProb"];

/** Everything that a report shows, from the artifacts of an experiment's work folder. */
export async function collectReport(options: CollectReportOptions): Promise<ReportData> {
  const { experiment, records } = options;
  const { name, preset, seed, file, text } = experiment;
  const tests = experiment.sets.filter(({ role }) => role === "test");
  const rows = rowsOf(experiment);
  return {
    title: name,
    command: `npm run aar -- adapt --experiment ${file}`,
    preset: `${preset} (${PRESETS[preset].summary})`,
    seed,
    experiment: text.trimEnd(),
    measures: MEASURES,
    answerMeasures: ANSWER_MEASURES,
    sets: await Promise.all(tests.map((set) => collectSet(set, rows, options))),
    training: await collectTraining(options.work, rows),
    labels: await collectLabels(options),
    overlaps: records.flatMap(overlapsOf).slice(0, 8),
    stages: records.map((record) => toReportStage(record, path.dirname(path.resolve(file)))),
    notes: notesOf(options),
  };
}

/** File name and title of every row that may have been evaluated, in the order of the tables. */
function rowsOf(experiment: Experiment): ReadonlyMap<string, string> {
  const modes = experiment.modes ?? PRESETS[experiment.preset].modes;
  const adapted = modes.flatMap((mode) =>
    conditionsOf(experiment).map((condition) => {
      const title =
        condition === "both"
          ? "human + LM"
          : condition === "lm"
            ? "LM only"
            : condition === "human"
              ? "human only"
              : condition;
      return [rowName({ condition, mode }), `${title}, ${mode === "both" ? "both encoders" : mode}`] as const;
    }),
  );
  return new Map([[BARE_ROW, "no retrieval"], [LEXICAL_ROW, "BM25"], [BASE_ROW, "base"], ...adapted]);
}

async function collectSet(
  set: ExperimentSet,
  rows: ReadonlyMap<string, string>,
  options: CollectReportOptions,
): Promise<ReportSet> {
  const { work, questions } = options;
  const asked = questions.get(set.name) ?? [];
  const found: ReportRow[] = [];
  for (const [row, title] of rows) {
    const folder = resultFolder(work, set.name, row);
    const retrieval = await readScores(path.join(folder, "per-query.jsonl"));
    const hybrid = await readScores(path.join(resultFolder(work, set.name, hybridRowName(row)), "per-query.jsonl"));
    const answers = await readScores(path.join(folder, "answers/per-query.jsonl"));
    if (retrieval !== undefined || answers !== undefined) {
      found.push({ name: title, retrieval, hybrid, answers });
    }
  }
  const base = rows.get(BASE_ROW) ?? "";
  return {
    name: set.name,
    role: `${set.role}, ${path.basename(set.data)} ${set.split}`,
    base,
    rows: found,
    questions: asked,
    examples: await examplesOf(set, { rows, found, base, options }),
  };
}

interface ExampleContext {
  readonly rows: ReadonlyMap<string, string>;
  readonly found: readonly ReportRow[];
  readonly base: string;
  readonly options: CollectReportOptions;
}

async function examplesOf(set: ExperimentSet, { rows, found, base, options }: ExampleContext) {
  const { work, questions, folderOf } = options;
  const title = bestAdapted(
    found,
    [...rows].filter(([row]) => ![BARE_ROW, LEXICAL_ROW, BASE_ROW].includes(row)).map(([, title]) => title),
  );
  const row = [...rows].find(([, name]) => name === title)?.[0];
  const baseScores = found.find(({ name }) => name === base)?.retrieval;
  const scores = found.find(({ name }) => name === title)?.retrieval;
  if (row === undefined || title === undefined || baseScores === undefined || scores === undefined) {
    return [];
  }
  const folder = folderOf(set);
  const corpus = await loadCorpus(path.join(folder, "corpus.jsonl"));
  const { qrels } = await loadEvaluationSet(folder, set.split);
  return pickExamples({
    row: title,
    measure: MEASURES[0] ?? "",
    questions: questions.get(set.name) ?? [],
    baseScores,
    scores,
    baseRun: await readTrecRun(path.join(resultFolder(work, set.name, BASE_ROW), "run.trec")),
    run: await readTrecRun(path.join(resultFolder(work, set.name, row), "run.trec")),
    qrels,
    passages: new Map(corpus.map((passage) => [passage.id, passage])),
  });
}

/** The adapted row of the highest mean. */
function bestAdapted(found: readonly ReportRow[], adapted: readonly string[]): string | undefined {
  const [measure = ""] = MEASURES;
  const mean = ({ retrieval }: ReportRow): number => {
    const values = [...(retrieval?.values() ?? [])].map((scores) => scores[measure] ?? 0);
    return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
  };
  return found.filter(({ name }) => adapted.includes(name)).toSorted((a, b) => mean(b) - mean(a))[0]?.name;
}

async function readScores(file: string): Promise<PerQueryScores | undefined> {
  return existsSync(file) ? await readPerQueryScores(file) : undefined;
}

const overlapFacts = z.looseObject({
  overlaps: z.array(z.looseObject({ of: z.string(), jaccard: z.number(), questions: z.number() })),
});

/** Overlaps that a `build` stage printed; those of one condition are those of all. */
function overlapsOf({ id, facts }: StageRecord): ReportOverlap[] {
  const parsed = overlapFacts.safeParse(facts);
  if (!parsed.success || id !== "build:both") {
    return [];
  }
  return parsed.data.overlaps.map(({ of, jaccard, questions }) => {
    const [a = of, b = ""] = of.split(" / ");
    return { a, b, jaccard, queries: questions };
  });
}

/** A report travels: absolute paths of this machine are shown relative to the experiment file. */
function toReportStage(
  { id, commandLine, seconds, tokens, inputs, outputs }: StageRecord,
  folder: string,
): ReportStage {
  const shown = commandLine.replaceAll(/(?<=[\s',])\/[^\s',]+/gu, (absolute) => path.relative(folder, absolute));
  return { id, seconds, tokens, commandLine: shown, inputs, outputs };
}

function notesOf({ experiment }: CollectReportOptions): string[] {
  const dev = experiment.sets.find(({ role }) => role === "dev");
  return [
    dev === undefined
      ? "Checkpoints were chosen on questions that the training set keeps for it (build's dev.jsonl); no test question was used."
      : `Checkpoints were chosen on "${dev.name}"; no test question was used.`,
    "The plots below a table look at the adapted row that is best on that very set: what they show is flattered by the choice.",
    ...(experiment.overlap === "allow"
      ? ["Test questions may also stand in training: the experiment file allows it."]
      : []),
  ];
}
