import { existsSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { AppError } from "../../src/shared/errors.ts";
import { listSplits } from "../artifacts/beir.ts";
import { readJsonl, readLines } from "../artifacts/jsonl.ts";
import { normalizeAnswer } from "../eval/normalize-answer.ts";
import { checkNotHeldOut } from "../mining/held-out.ts";
import type { Experiment, ExperimentSet } from "./experiment.ts";
import type { ExperimentSizes } from "./plan.ts";

const lineSchema = z.looseObject({
  _id: z.coerce.string(),
  text: z.string(),
  split: z.string().nullish(),
  answers: z.array(z.string()).nullish(),
  s_pop: z.number().nullish(),
});

export interface SetQuestion {
  readonly id: string;
  readonly text: string;
  readonly answers: readonly string[];
  /** Monthly page views of the subject, where the set says it. */
  readonly popularity: number | undefined;
}

/** Questions of a set: its split, and of `where`. Splits that stand in `qrels/<split>.tsv` only are read from there. */
export async function readSetQuestions({
  name,
  data,
  split,
  where,
}: Pick<ExperimentSet, "name" | "data" | "split" | "where">): Promise<SetQuestion[]> {
  const judged = await judgedIds(path.join(data, "qrels", `${split}.tsv`));
  const [, field = "", wanted] = /^([^=]+)=(.*)$/u.exec(where ?? "") ?? [];
  const questions: SetQuestion[] = [];
  for await (const { value } of readJsonl(path.join(data, "queries.jsonl"), lineSchema)) {
    const isOfSplit = judged === undefined ? (value.split ?? split) === split : judged.has(value._id);
    if (isOfSplit && (wanted === undefined || String(value[field]) === wanted)) {
      const { _id: id, text, answers, s_pop: popularity } = value;
      questions.push({ id, text, answers: answers ?? [], popularity: popularity ?? undefined });
    }
  }
  if (questions.length === 0) {
    throw new AppError(
      "invalid_artifact",
      `set "${name}": ${data} has no question of split "${split}"${where === undefined ? "" : ` with ${where}`}`,
    );
  }
  return questions;
}

async function judgedIds(file: string): Promise<ReadonlySet<string> | undefined> {
  if (!existsSync(file)) {
    return undefined;
  }
  const ids = new Set<string>();
  for await (const { text } of readLines(file)) {
    ids.add(text.split("\t")[0] ?? "");
  }
  return ids;
}

/** Questions by set name. */
export type QuestionsBySet = ReadonlyMap<string, readonly SetQuestion[]>;

/**
 * Refuses a set to train on, or to choose checkpoints on, that is a test split: before the first stage, as the commands of later
 * ones would.
 * @throws AppError `invalid_request`, see `checkNotHeldOut`.
 */
export async function checkRolesOfSplits({ sets }: Pick<Experiment, "sets">): Promise<void> {
  for (const { role, data: folder, split, allowTestSplit } of sets) {
    if (role !== "test") {
      const [allowTest, purpose] = role === "train" ? [allowTestSplit, "training"] : [false, "choosing checkpoints"];
      checkNotHeldOut({ folder, split, splits: await listSplits(folder), allowTest, purpose });
    }
  }
}

/**
 * Refuses test questions that are also trained or selected on: by id within one folder, or by the same words (SQuAD's
 * normalisation). A result on them would report memory.
 * @throws AppError `invalid_request` that names the sets and one question.
 */
export function checkTestsAreUnseen(
  { sets, overlap }: Pick<Experiment, "sets" | "overlap">,
  questions: QuestionsBySet,
): void {
  const learned = sets.filter(({ role }) => role !== "test");
  for (const test of sets.filter(({ role }) => role === "test")) {
    for (const other of learned) {
      const seen = new Set(
        (questions.get(other.name) ?? []).flatMap(({ id, text }) => [`${other.data}\n${id}`, normalizeAnswer(text)]),
      );
      const shared = (questions.get(test.name) ?? []).filter(
        ({ id, text }) => seen.has(`${test.data}\n${id}`) || seen.has(normalizeAnswer(text)),
      );
      if (shared.length > 0 && overlap === "refuse") {
        throw new AppError(
          "invalid_request",
          `${shared.length} questions of "${test.name}" (role test) are also in "${other.name}" (role ${other.role}), as "${shared[0]?.text.slice(0, 80)}"; use another split, or say "overlap": "allow" and report it`,
        );
      }
    }
  }
}

/** What a plan's estimates need to know. */
export async function sizesOf({ sets }: Pick<Experiment, "sets">, questions: QuestionsBySet): Promise<ExperimentSizes> {
  let passages = 0;
  const [first] = sets;
  for await (const _ of readLines(path.join(first?.data ?? "", "corpus.jsonl"))) {
    passages++;
  }
  const counts = sets.map(
    ({ name, limit = Infinity }) => [name, Math.min(limit, questions.get(name)?.length ?? 0)] as const,
  );
  return { passages, questions: new Map(counts) };
}
