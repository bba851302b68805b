import path from "node:path";
import type { RetrievalMode } from "../../src/retrieval/types.ts";
import { ESTIMATES } from "./estimates.ts";
import type { TrainingModeName } from "./estimates.ts";
import type { ExperimentSet } from "./experiment.ts";
import type { PlanContext } from "./plan.ts";
import type { Stage } from "./stage.ts";

/** What was trained, and where its result is. */
export interface AdaptedRow {
  readonly condition: string;
  readonly mode: TrainingModeName;
  readonly result: string;
}

/** A row of the tables: how its run is made. */
interface EvaluatedRow {
  /** Part of file names and stage ids. */
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>> & { readonly mode: RetrievalMode };
  readonly inputs: Readonly<Record<string, string>>;
}

export const BASE_ROW = "base";
export const LEXICAL_ROW = "bm25";
export const BARE_ROW = "none";

/** Name of an adapted row: "lm, query-adapter" in tables, this in files. */
export function rowName({ condition, mode }: Pick<AdaptedRow, "condition" | "mode">): string {
  return `${condition}-${mode}`;
}

/** The same vectors joined with full text, as the Worker searches by default: name of that row of a set's results. */
export function hybridRowName(row: string): string {
  return `${row}-hybrid`;
}

/** Encodings by encoders that changed the passages, every row on every test set, their answers, and what can be shipped. */
export function planEvaluation(context: PlanContext, adapted: readonly AdaptedRow[]): Stage[] {
  const rows = evaluatedRows(context, adapted);
  const tests = context.experiment.sets.filter(({ role }) => role === "test");
  return [
    ...adapted.flatMap((row) => encodeStage(context, row)),
    ...tests.flatMap((set) => [...rows, ...rows.flatMap(hybridRow)].map((row) => evaluateStage(context, set, row))),
    ...tests.flatMap((set) => answerStages(context, set, rows)),
    ...adapted.flatMap((row) => quantizeStage(context, row)),
  ];
}

function vectorsOf({ work, vectors }: PlanContext, row: AdaptedRow): string {
  return row.mode === "both" ? path.join(work, "vectors", rowName(row)) : vectors;
}

/** Only training of the passage side makes stored vectors worthless. */
function encodeStage(context: PlanContext, row: AdaptedRow): Stage[] {
  const { stage, corpus, sizes, experiment } = context;
  const output = vectorsOf(context, row);
  return row.mode !== "both"
    ? []
    : [
        stage({
          id: `encode:${rowName(row)}`,
          command: "encode",
          options: { corpus, output, encoder: row.result, maxLength: experiment.maxPassageLength, overwrite: true },
          // Where no step beat the base on the development part, the weights are still its own, and so are its vectors.
          passing: { reuse: context.vectors },
          inputs: { corpus, encoder: row.result },
          outputs: { vectors: output },
          estimate: ESTIMATES.encode(sizes.passages),
        }),
      ];
}

function evaluatedRows(context: PlanContext, adapted: readonly AdaptedRow[]): EvaluatedRow[] {
  const { vectors, encoderOptions, encoderInputs, experiment } = context;
  const base = { mode: "dense", vectors, ...encoderOptions } as const;
  return [
    { name: LEXICAL_ROW, options: { mode: "lexical" }, inputs: {} },
    { name: BASE_ROW, options: base, inputs: { vectors, ...encoderInputs } },
    ...adapted.map((row): EvaluatedRow => {
      const own = vectorsOf(context, row);
      const inputs = { vectors: own, adapted: row.result };
      return row.mode === "query-adapter"
        ? { name: rowName(row), options: { ...base, adapter: row.result }, inputs: { ...inputs, ...encoderInputs } }
        : {
            name: rowName(row),
            options: { mode: "dense", vectors: own, encoder: row.result, maxLength: experiment.maxPassageLength },
            inputs,
          };
    }),
  ];
}

function hybridRow({ name, options, inputs }: EvaluatedRow): EvaluatedRow[] {
  return options.mode === "dense"
    ? [{ name: hybridRowName(name), options: { ...options, mode: "hybrid" }, inputs }]
    : [];
}

/** Folder of a row's results on a set. */
export function resultFolder(work: string, set: string, row: string): string {
  return path.join(work, "results", set, row);
}

function evaluateStage(context: PlanContext, set: ExperimentSet, row: EvaluatedRow): Stage {
  const { stage, folderOf, work, corpus, experiment, sizes, cache } = context;
  const data = folderOf(set);
  const folder = resultFolder(work, set.name, row.name);
  const [run, perQuery] = [path.join(folder, "run.trec"), path.join(folder, "per-query.jsonl")];
  return stage({
    id: `evaluate:${set.name}:${row.name}`,
    command: "evaluate",
    options: {
      data,
      split: set.split,
      ...row.options,
      ...experiment.evaluate,
      run,
      perQuery,
      json: true,
    },
    passing: { cache },
    inputs: { corpus, queries: path.join(data, "queries.jsonl"), ...row.inputs },
    outputs: { run, perQuery },
    estimate: ESTIMATES.search(sizes.questions.get(set.name) ?? 0),
  });
}

function answerStages(context: PlanContext, set: ExperimentSet, rows: readonly EvaluatedRow[]): Stage[] {
  const { stage, folderOf, work, corpus, experiment, sizes } = context;
  const { answers } = experiment;
  if (answers === undefined || (answers.sets !== undefined && !answers.sets.includes(set.name))) {
    return [];
  }
  const data = folderOf(set);
  const bare = { name: BARE_ROW, found: BARE_ROW };
  const searched = rows.map((row) => {
    const [hybrid] = answers.mode === "hybrid" ? hybridRow(row) : [];
    return { name: row.name, found: hybrid?.name ?? row.name };
  });
  return [bare, ...searched].map(({ name, found }) => {
    const output = path.join(resultFolder(work, set.name, name), "answers");
    const run = path.join(resultFolder(work, set.name, found), "run.trec");
    const isBare = name === BARE_ROW;
    return stage({
      id: `answer:${set.name}:${name}`,
      command: "answer",
      options: {
        data,
        split: set.split,
        ...answers.options,
        ...(isBare ? { documents: [0] } : { run: [run] }),
        output,
      },
      inputs: { corpus, queries: path.join(data, "queries.jsonl"), ...(isBare ? {} : { run }) },
      outputs: { perQuery: path.join(output, "per-query.jsonl"), answers: path.join(output, "answers.jsonl") },
      estimate: ESTIMATES.answer(sizes.questions.get(set.name) ?? 0),
    });
  });
}

/** What goes into the Worker: encoders that were trained, in int8. An adapter is small as it is. */
function quantizeStage({ experiment, stage, work }: PlanContext, row: AdaptedRow): Stage[] {
  const { quantize } = experiment;
  const output = path.join(work, "shipped", rowName(row));
  return quantize === undefined || row.mode === "query-adapter"
    ? []
    : [
        stage({
          id: `quantize:${rowName(row)}`,
          command: "quantize",
          options: { ...quantize, model: row.result, output },
          inputs: { model: row.result },
          outputs: { encoder: output },
          estimate: { seconds: 600, tokens: 0 },
        }),
      ];
}
