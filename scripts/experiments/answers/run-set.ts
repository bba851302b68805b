import { existsSync } from "node:fs";
import path from "node:path";
import { sha256File } from "../../../training/artifacts/meta.ts";
import type { QueryScores } from "../../../training/eval/evaluate-run.ts";
import { openSourceLm } from "../../../training/scoring/open-source-lm.ts";
import type { AskPairsOptions } from "./ask-pairs.ts";
import { chooseDocuments } from "./choose-documents.ts";
import type { DocumentChoice } from "./choose-documents.ts";
import { createLetterTask } from "./letter-task.ts";
import { createLogProbTask } from "./log-prob-task.ts";
import { joinScores, measureRows } from "./measure-rows.ts";
import type { MeasureRowsOptions } from "./measure-rows.ts";
import { openSet } from "./open-parts.ts";
import type { OpenedPart, OpenSetOptions } from "./open-parts.ts";
import { partRecord } from "./part-record.ts";
import type { PartRecord } from "./part-record.ts";
import { createReplyTask } from "./reply-task.ts";
import { BASE, rowsOf } from "./rows.ts";
import type { AnswerRow } from "./rows.ts";
import { ANSWER_SETS } from "./sets.ts";
import type { AnswerSet, AnswerSetName } from "./sets.ts";
import type { AnswerTask } from "./task.ts";

export interface SetRecord {
  readonly set: AnswerSetName;
  /** By task. */
  readonly lms: Readonly<Record<string, string>>;
  /** sha256 of what was trained, by row. */
  readonly trained: Readonly<Record<string, string>>;
  readonly documents: DocumentChoice;
  readonly parts: readonly PartRecord[];
}

export interface RunSetOptions extends Omit<OpenSetOptions, "depth"> {
  /** ONNX, for log-probabilities, of letters too. */
  readonly scorer: string;
  /** For replies: a GGUF file, or an ONNX LM that gives back its key/value cache; others read the whole prompt again for every token. */
  readonly lm: string;
  /** `NAME=FILE`. */
  readonly rows: readonly string[];
  readonly parts: "dev" | "test";
  /** Of a part at most. */
  readonly questions: number;
  /** Of these, so many are also answered. */
  readonly replies: number;
  /** Development questions in all. */
  readonly development: number;
  /** Numbers of passages to choose from. */
  readonly documents: readonly number[];
}

/** Retrieves with every row, asks the LM, and compares. All that was asked is kept in the work folder. */
export async function runSet(name: AnswerSetName, options: RunSetOptions): Promise<SetRecord> {
  const { work, scorer, lm: gguf, threads, progress, signal } = options;
  const set: AnswerSet = ANSWER_SETS[name];
  const rows = rowsOf(options.rows);
  const { texts, openPart } = await openSet(set, { ...options, depth: Math.max(...options.documents) });
  const untrained = rows.filter(({ retrieval, trained }) => retrieval !== "none" && trained === undefined).slice(-1);
  const dev: OpenedPart[] = [];
  for (const part of set.dev) {
    dev.push(await openPart(part, untrained, Math.ceil(options.development / set.dev.length)));
  }
  const parts: OpenedPart[] = [];
  for (const part of set[options.parts]) {
    parts.push(await openPart(part, rows, options.questions));
  }
  const common = { texts, folder: path.join(work, "answers"), progress, signal };
  const createTask = set.kind === "open" ? createLogProbTask : createLetterTask;
  const openTask = async (): Promise<AnswerTask> => createTask(await openSourceLm({ lm: scorer, threads }));
  const main = await withTask(openTask, async (task) => {
    const choice = await chooseOnAll(dev, { ...common, task, candidates: options.documents });
    const measuring = { ...common, task, documents: choice.documents };
    return { name: task.name, lm: task.lm, choice, scores: await measureParts(parts, measuring) };
  });
  const { documents } = main.choice;
  const openReplies = async (): Promise<AnswerTask> => createReplyTask(await openSourceLm({ lm: gguf, threads }));
  const sampled = parts.map((part) => ({ ...part, questions: part.questions.slice(0, options.replies) }));
  const replies =
    set.kind === "open" && options.replies > 0
      ? await withTask(openReplies, async (task) => ({
          lm: { [task.name]: task.lm },
          scores: await measureParts(sampled, { ...common, task, documents }),
        }))
      : { lm: {}, scores: [] };
  return {
    set: name,
    lms: { [main.name]: main.lm, ...replies.lm },
    trained: await hashesOf(rows),
    documents: main.choice,
    parts: parts.map((part, index) => {
      const scores = joinScores(main.scores[index] ?? new Map(), replies.scores[index] ?? new Map());
      return partRecord(part, scores, { documents, texts });
    }),
  };
}

async function withTask<Result>(
  open: () => Promise<AnswerTask>,
  work: (task: AnswerTask) => Promise<Result>,
): Promise<Result> {
  const task = await open();
  try {
    return await work(task);
  } finally {
    await task.close();
  }
}

type Asking = Omit<AskPairsOptions, "pairs"> & Pick<MeasureRowsOptions, "texts">;

async function chooseOnAll(
  dev: readonly OpenedPart[],
  options: Asking & { readonly candidates: readonly number[] },
): Promise<DocumentChoice> {
  const found = dev.flatMap(({ runs }) => [...runs.values()].flatMap((run) => [...run]));
  const questions = dev.flatMap((part) => part.questions);
  return await chooseDocuments({ ...options, questions, runs: new Map([[BASE, new Map(found)]]) });
}

async function measureParts(
  parts: readonly OpenedPart[],
  options: Asking & { readonly documents: number },
): Promise<Map<string, Map<string, QueryScores>>[]> {
  const measured: Map<string, Map<string, QueryScores>>[] = [];
  for (const { questions, runs } of parts) {
    measured.push(await measureRows({ ...options, questions, runs }));
  }
  return measured;
}

async function hashesOf(rows: readonly AnswerRow[]): Promise<Record<string, string>> {
  const hashed = rows.flatMap(({ name, trained }) =>
    trained === undefined ? [] : [sha256File(modelFileOf(trained)).then((hash) => [name, hash] as const)],
  );
  return Object.fromEntries(await Promise.all(hashed));
}

/** The adapter itself, or the graph in an encoder's folder. */
function modelFileOf(trained: string): string {
  const graph = path.join(trained, "model.onnx");
  return existsSync(graph) ? graph : trained;
}
