import path from "node:path";
import { hashFraction } from "../../../training/artifacts/hash-split.ts";
import { sha256File } from "../../../training/artifacts/meta.ts";
import { writeTrainingExamples } from "../../../training/artifacts/training-examples.ts";
import type { TrainingExample } from "../../../training/artifacts/training-examples.ts";
import { buildExamples } from "../../../training/preferences/build-examples.ts";
import { dealExamples } from "../../../training/preferences/deal-examples.ts";
import { withFirstStage } from "../../../training/preferences/first-stage-signal.ts";
import { train } from "../../../training/trainer/train.ts";
import type { TrainResult } from "../../../training/trainer/train.ts";
import { resolveTrainingOptions } from "../../../training/trainer/training-options.ts";
import { cohortKey } from "./cohorts.ts";
import { IN_CORPUS_CONDITIONS } from "./conditions.ts";
import type { ConditionLabel, InCorpusCondition } from "./conditions.ts";
import type { OpenedSet } from "./open-set.ts";
import { GRADED, RECIPES } from "./recipes.ts";
import type { RecipeName } from "./recipes.ts";
import { LABEL_DEPTH, PASSAGE_TOKENS } from "./workshop.ts";
import type { Workshop } from "./workshop.ts";

/** One condition in one mode. */
export interface Cell {
  readonly condition: ConditionLabel;
  readonly recipe: RecipeName;
}

export interface TrainedCell {
  readonly run: TrainResult;
  readonly examples: readonly TrainingExample[];
}

/** Share of the examples that a run stops on, by passage, with labels of the same kind as it trains on. */
const DEV_SHARE = 0.1;

/**
 * Trains by the recipe on the examples of a condition, as `aar build` and `aar train` do. What is finished is not done again.
 * Undefined when the labels give no example.
 */
export async function trainCell(
  set: OpenedSet,
  { condition, recipe }: Cell,
  workshop: Workshop & { readonly stopsOnDev: boolean },
): Promise<TrainedCell | undefined> {
  const { work, encoderFolder, threads, stopsOnDev, cohort } = workshop;
  const examples = examplesOf(set, IN_CORPUS_CONDITIONS[condition]);
  if (examples.length === 0) {
    return undefined;
  }
  const kind = stopsOnDev ? "stopped" : "trained";
  const own = path.join(work, set.name, kind, cohortKey(cohort), condition);
  const inputs = {
    corpus: set.corpus.sha256,
    queries: await sha256File(path.join(set.folder, "queries.jsonl")),
  };
  const write = async (name: string, part: readonly TrainingExample[]): Promise<string> => {
    const file = path.join(own, `${name}.jsonl`);
    await writeTrainingExamples(file, { examples: part, inputs, options: { condition } });
    return file;
  };
  const shares = { dev: DEV_SHARE, train: 1 - DEV_SHARE };
  const dealt = dealExamples(examples, { by: "passage", shares, seed: 0 });
  const files = stopsOnDev
    ? { train: await write("train", dealt.train), dev: await write("dev", dealt.dev), blend: [0.5, 0.75, 1] }
    : { train: await write("train", examples) };
  const options = resolveTrainingOptions(
    {
      ...RECIPES[recipe],
      ...(isGraded(condition) ? GRADED : {}),
      ...files,
      output: path.join(own, recipe),
      encoder: encoderFolder,
      vectors: set.vectorsFolder,
      ...(trainsPassages(recipe) ? { corpus: set.corpus.file } : {}),
      maxPassageLength: PASSAGE_TOKENS,
      threads,
    },
    {},
  );
  const run = await train({ ...workshop, options, cache: path.join(work, "cache"), overwrite: true });
  return { run, examples };
}

/** Whether the passages of a recipe's encoder are not the base's. */
export function trainsPassages(recipe: RecipeName): boolean {
  return RECIPES[recipe].mode === "both";
}

function isGraded(condition: ConditionLabel): boolean {
  const { isGraded: is = false }: InCorpusCondition = IN_CORPUS_CONDITIONS[condition];
  return is;
}

/**
 * Of a graded example the first stage's best passages are the hard negatives: those that are scored, and the next, of which nothing says
 * that they are right. Others get theirs from the base when training begins.
 */
function examplesOf(
  set: OpenedSet,
  { condition, signals, minLead = 0, isGraded: takesAll = false, humanLead, judgedShare = 1 }: InCorpusCondition,
): readonly TrainingExample[] {
  const { candidates, labelled } = set;
  const scores = withFirstStage(set.scores, candidates.run, LABEL_DEPTH);
  const queries = labelled.queries.filter(({ id }) => signals.every((signal) => scores.get(signal)?.has(id) === true));
  const isJudged = (id: string): boolean => hashFraction(`judged:${id}`, 0) < judgedShare;
  const { examples } = buildExamples({
    set: { queries, qrels: new Map([...labelled.qrels].filter(([id]) => isJudged(id))) },
    candidates: candidates.run,
    similarities: candidates.similarities,
    scores,
    passageText: () => undefined,
    condition,
    humanLead,
    signals,
    scoreDepth: LABEL_DEPTH,
    minGrade: 1,
    strict3: false,
    anchor: "human",
    negatives: {
      count: takesAll ? GRADED.negatives : 0,
      choose: takesAll ? "hardest" : "random",
      minimum: 0,
      seed: 0,
      relativeMargin: undefined,
      absoluteMargin: undefined,
      sparedLmRanks: 0,
      answerFilter: false,
    },
    positives: { lmPositives: 1, gainTest: true, minLead, signal: signals.join("+"), seed: 0 },
  });
  return examples;
}
