import path from "node:path";
import { commandStage } from "./command-stage.ts";
import type { CommandStageOptions, FindCommand } from "./command-stage.ts";
import { ESTIMATES } from "./estimates.ts";
import { isUrl, setOfRole } from "./experiment.ts";
import type { Experiment, ExperimentSet } from "./experiment.ts";
import { planEvaluation } from "./plan-evaluation.ts";
import type { AdaptedRow } from "./plan-evaluation.ts";
import { PRESETS } from "./presets.ts";
import type { Stage } from "./stage.ts";

/** Sizes that estimates need, by what they are of. */
export interface ExperimentSizes {
  readonly passages: number;
  /** By set name; after its limit. */
  readonly questions: ReadonlyMap<string, number>;
}

export interface PlanOptions {
  readonly experiment: Experiment;
  readonly work: string;
  readonly cache: string;
  readonly sizes: ExperimentSizes;
  readonly findCommand: FindCommand;
}

/** What all parts of a plan share. */
export interface PlanContext extends PlanOptions {
  readonly stage: (options: CommandStageOptions) => Stage;
  /** Folder of a set: its own, or the part that `where` cuts out. */
  readonly folderOf: (set: ExperimentSet) => string;
  readonly corpus: string;
  readonly vectors: string;
  /** Encoder flags of every command that embeds with the base. */
  readonly encoderOptions: Readonly<Record<string, unknown>>;
  readonly encoderInputs: Readonly<Record<string, string>>;
}

/** All stages of an experiment but the report, in their order. */
export function planExperiment(options: PlanOptions): Stage[] {
  const { experiment, work, findCommand, sizes } = options;
  const train = trainingSet(experiment);
  const corpus = path.join(train.data, "corpus.jsonl");
  const vectors = experiment.vectors ?? path.join(work, "vectors/base");
  const context: PlanContext = {
    ...options,
    stage: (given) => commandStage(given, findCommand),
    folderOf: (set) => setFolder(work, set),
    corpus,
    vectors,
    encoderOptions: { encoder: experiment.encoder, maxLength: experiment.maxPassageLength },
    encoderInputs: experiment.encoder === undefined ? {} : { encoder: experiment.encoder },
  };
  const encode =
    experiment.vectors === undefined
      ? [
          context.stage({
            id: "encode:base",
            command: "encode",
            options: { corpus, output: vectors, ...context.encoderOptions },
            inputs: { corpus, ...context.encoderInputs },
            outputs: { vectors },
            estimate: ESTIMATES.encode(sizes.passages),
          }),
        ]
      : [];
  const rows = adaptedRows(context, train);
  return [
    ...subsetStages(context),
    ...encode,
    ...labelStages(context, train),
    ...buildStages(context, train),
    ...rows.map(({ stage }) => stage),
    ...planEvaluation(
      context,
      rows.map(({ row }) => row),
    ),
  ];
}

/** Where a set's questions are: its own folder, or the part that `where` cuts out of it. */
export function setFolder(work: string, { data, where }: ExperimentSet): string {
  return where === undefined ? data : path.join(work, "sets", slug(where));
}

function trainingSet(experiment: Experiment): ExperimentSet {
  const train = setOfRole(experiment, "train");
  if (train === undefined) {
    throw new TypeError("an experiment has a training set: its schema says so");
  }
  return train;
}

/** One folder for each `where`, with all splits of its questions as they are. */
function subsetStages({ experiment, work, stage }: PlanContext): Stage[] {
  const parts = Map.groupBy(
    experiment.sets.filter(({ where }) => where !== undefined),
    ({ data, where }) => `${data}\n${where}`,
  );
  return [...parts.values()].flatMap((sets) => {
    const [first] = sets;
    // A split that is dealt out into itself stays whole; a test split is never dealt out where there is another.
    const from = (sets.find(({ role }) => role !== "test") ?? first)?.split ?? "";
    if (first?.where === undefined) {
      return [];
    }
    const output = path.join(work, "sets", slug(first.where));
    return [
      stage({
        id: `split:${slug(first.where)}`,
        command: "split",
        options: { data: first.data, where: first.where, from, shares: [`${from}=1`], output },
        inputs: { queries: path.join(first.data, "queries.jsonl"), qrels: path.join(first.data, "qrels.tsv") },
        outputs: { queries: path.join(output, "queries.jsonl"), qrels: path.join(output, "qrels.tsv") },
        estimate: ESTIMATES.quick(),
      }),
    ];
  });
}

function slug(where: string): string {
  return where.replaceAll(/[^\w-]+/gu, "-");
}

function candidatesOf({ work }: PlanContext): string {
  return path.join(work, "candidates");
}

/** Label files: those given, or the one that is made here, where a condition asks an LM at all. */
function scoresOf({ experiment, work }: PlanContext): readonly string[] {
  if (experiment.scores.length > 0) {
    return experiment.scores;
  }
  const isAsked = conditionsOf(experiment).some((condition) => condition === "lm" || condition === "both");
  return isAsked ? [path.join(work, "lm-scores.jsonl")] : [];
}

/** Questions of the training set as every command that learns takes them. */
function questionOptions({ experiment, folderOf }: PlanContext, train: ExperimentSet): Record<string, unknown> {
  const tests = experiment.sets.filter(({ role }) => role === "test");
  return {
    data: folderOf(train),
    split: train.split,
    limit: train.limit,
    seed: experiment.seed,
    heldOut: tests.map((set) => `${path.basename(folderOf(set))}:${set.split}`),
    ...(train.allowTestSplit ? { allowTestSplit: true } : {}),
  };
}

function labelStages(context: PlanContext, train: ExperimentSet): Stage[] {
  const { experiment, stage, folderOf, vectors, encoderOptions, encoderInputs, corpus, sizes, cache } = context;
  const preset = PRESETS[experiment.preset];
  const candidates = candidatesOf(context);
  const data = folderOf(train);
  const queries = path.join(data, "queries.jsonl");
  const questions = sizes.questions.get(train.name) ?? 0;
  const mine = stage({
    id: "mine",
    command: "mine",
    options: {
      ...questionOptions(context, train),
      vectors,
      ...encoderOptions,
      ...preset.mine,
      ...experiment.mine,
      output: candidates,
    },
    passing: { cache },
    inputs: { corpus, queries, vectors, ...encoderInputs },
    outputs: { candidates },
    estimate: ESTIMATES.search(questions),
  });
  const [output] = scoresOf(context);
  if (output === undefined || experiment.scores.length > 0) {
    return [mine];
  }
  const run = path.join(candidates, "candidates.trec");
  const options = { ...preset.score, ...experiment.score };
  const depth = typeof options["depth"] === "number" ? options["depth"] : 10;
  const lm = options["lm"];
  const score = stage({
    id: "score",
    command: "score",
    options: { data, run, output, ...options, json: true },
    inputs: { corpus, queries, candidates, ...(typeof lm === "string" && !isUrl(lm) ? { lm } : {}) },
    outputs: { scores: output },
    estimate: ESTIMATES.score(questions, depth, typeof lm === "string" && lm.endsWith(".gguf") ? "gguf" : "onnx"),
  });
  return [mine, score];
}

function buildStages(context: PlanContext, train: ExperimentSet): Stage[] {
  const { experiment, stage, work, folderOf, corpus } = context;
  const candidates = candidatesOf(context);
  const scores = scoresOf(context);
  return conditionsOf(experiment).map((condition) => {
    const output = path.join(work, "examples", condition);
    return stage({
      id: `build:${condition}`,
      command: "build",
      options: {
        ...questionOptions(context, train),
        candidates,
        scores,
        ...buildOptions(experiment, condition),
        condition,
        output,
        json: true,
      },
      inputs: {
        corpus,
        queries: path.join(folderOf(train), "queries.jsonl"),
        candidates,
        ...Object.fromEntries(scores.map((file, index) => [`scores${index + 1}`, file])),
      },
      outputs: { examples: output },
      estimate: ESTIMATES.quick(),
    });
  });
}

function buildOptions({ preset, build }: Experiment, condition: string): Readonly<Record<string, unknown>> {
  return { ...PRESETS[preset].build, ...PRESETS[preset].buildConditions?.[condition], ...build };
}

/** Conditions of an experiment: its own, or the preset's. */
export function conditionsOf({ conditions, preset }: Pick<Experiment, "conditions" | "preset">): readonly string[] {
  return conditions ?? PRESETS[preset].conditions;
}

interface TrainedRow {
  readonly stage: Stage;
  readonly row: AdaptedRow;
}

function adaptedRows(context: PlanContext, train: ExperimentSet): TrainedRow[] {
  const { experiment, work, stage, corpus, vectors, encoderInputs, folderOf, sizes, cache } = context;
  const preset = PRESETS[experiment.preset];
  const dev = setOfRole(experiment, "dev");
  const questions = sizes.questions.get(train.name) ?? 0;
  return (experiment.modes ?? preset.modes).flatMap((mode) =>
    conditionsOf(experiment).map((condition): TrainedRow => {
      const output = path.join(work, "trained", `${condition}-${mode}`);
      const examples = path.join(work, "examples", condition);
      const result = path.join(output, mode === "query-adapter" ? "adapter.safetensors" : "encoder");
      const ownDev =
        buildOptions(experiment, condition)["devShare"] === 0 ? {} : { dev: path.join(examples, "dev.jsonl") };
      const selection = dev === undefined ? ownDev : { devData: folderOf(dev), devSplit: dev.split };
      return {
        row: { condition, mode, result },
        stage: stage({
          id: `train:${condition}:${mode}`,
          command: "train",
          options: {
            mode,
            train: path.join(examples, "train.jsonl"),
            ...selection,
            corpus,
            vectors,
            encoder: experiment.encoder,
            maxPassageLength: experiment.maxPassageLength,
            seed: experiment.seed,
            ...preset.train,
            ...preset.trainModes[mode],
            ...preset.trainRows?.[`${condition}:${mode}`],
            ...experiment.train,
            ...experiment.trainModes[mode],
            output,
          },
          // A run of other options in the same folder is stale: the runner knows that, the trainer would refuse.
          passing: { cache, overwrite: true },
          inputs: { corpus, examples, vectors, ...encoderInputs },
          outputs: { result, metrics: path.join(output, "metrics.jsonl") },
          estimate: ESTIMATES.train(questions, mode),
        }),
      };
    }),
  );
}
