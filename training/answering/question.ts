import path from "node:path";
import { z } from "zod";
import { AppError } from "../../src/shared/errors.ts";
import { readJsonl } from "../artifacts/jsonl.ts";

/** Letters of the options; more than these is no multiple choice that our protocols know. */
const LETTERS = ["A", "B", "C", "D", "E", "F", "G", "H"] as const;

const lineSchema = z.looseObject({
  _id: z.union([z.string().min(1), z.number()]).transform(String),
  text: z.string().refine((text) => text.trim() !== "", "a question must not be empty"),
  split: z.string().nullish(),
  answers: z.array(z.string()).nullish(),
  choices: z.array(z.string()).min(2).max(LETTERS.length).nullish(),
  answer_key: z.string().nullish(),
  subject: z.string().nullish(),
  category: z.string().nullish(),
  /** PopQA: relation, and monthly page views of the subject. */
  prop: z.string().nullish(),
  s_pop: z.number().nullish(),
});

/** The options of a multiple choice question. */
interface Choices {
  /** In the order of the letters A, B, C, … */
  readonly options: readonly string[];
  /** Letter of the right one. */
  readonly key: string;
}

/** A question with its right answer. */
export interface Question {
  readonly id: string;
  readonly text: string;
  /** Accepted short answers; empty for multiple choice. */
  readonly answers: readonly string[];
  readonly choices: Choices | undefined;
  /** MMLU's subject and category; PopQA's relation is a subject without a category. */
  readonly subject: string | undefined;
  readonly category: string | undefined;
  /** How often the subject's page is viewed, where the set says it. */
  readonly popularity: number | undefined;
}

export interface LoadQuestionsOptions {
  readonly split: string;
  /** Only lines whose fields have these values: `{ set: "nq_passages" }`. */
  readonly where?: Readonly<Record<string, string>> | undefined;
  /** Ids to leave out. */
  readonly exclude?: ReadonlySet<string> | undefined;
}

/**
 * Questions of one split of `queries.jsonl`, in its order. A question of a file without splits belongs to every split.
 * @throws AppError `invalid_artifact` for a malformed line, a question without a right answer, an id twice, or no question.
 */
export async function loadQuestions(
  folder: string,
  { split, where = {}, exclude = new Set() }: LoadQuestionsOptions,
): Promise<Question[]> {
  const file = path.join(folder, "queries.jsonl");
  const questions = new Map<string, Question>();
  const splits = new Set<string>();
  for await (const { line, value } of readJsonl(file, lineSchema)) {
    splits.add(value.split ?? split);
    const isWanted =
      (value.split ?? split) === split &&
      Object.entries(where).every(([field, wanted]) => String(value[field]) === wanted);
    if (isWanted && !exclude.has(value._id)) {
      if (questions.has(value._id)) {
        throw new AppError("invalid_artifact", `${file}:${line}: id "${value._id}" appears twice`);
      }
      questions.set(value._id, toQuestion(value, `${file}:${line}`));
    }
  }
  if (questions.size === 0) {
    const filter = Object.entries(where).map(([field, value]) => ` with ${field}=${value}`);
    throw new AppError(
      "invalid_artifact",
      `${file} has no question of split "${split}"${filter.join("")}; its splits are ${[...splits].toSorted().join(", ")}`,
    );
  }
  return [...questions.values()];
}

function toQuestion(line: z.output<typeof lineSchema>, place: string): Question {
  const { choices: options, answer_key: key } = line;
  const answers = (line.answers ?? []).filter((answer) => answer.trim() !== "");
  const letters: readonly string[] = LETTERS.slice(0, options?.length ?? 0);
  if (options !== undefined && options !== null && !letters.includes(key ?? "")) {
    throw new AppError("invalid_artifact", `${place}: answer_key must be one of ${letters.join(", ")}, got ${key}`);
  }
  if (answers.length === 0 && !options) {
    throw new AppError("invalid_artifact", `${place}: the question has neither answers nor choices`);
  }
  return {
    id: line._id,
    text: line.text,
    answers,
    choices: options ? { options, key: key ?? "" } : undefined,
    subject: line.subject ?? line.prop ?? undefined,
    category: line.category ?? undefined,
    popularity: line.s_pop ?? undefined,
  };
}
