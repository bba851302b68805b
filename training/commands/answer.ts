import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { AppError } from "../../src/shared/errors.ts";
import type { AnswerLm } from "../answering/answer-lm.ts";
import { answerQuestions } from "../answering/answer-questions.ts";
import type { AnswerQuestionsOptions, AnswerRecord } from "../answering/answer-questions.ts";
import { chooseDocuments } from "../answering/choose-documents.ts";
import type { DocumentChoice } from "../answering/choose-documents.ts";
import { ANSWER_PROTOCOL_NAMES, ANSWER_PROTOCOLS } from "../answering/protocols.ts";
import { loadQuestions } from "../answering/question.ts";
import type { Question } from "../answering/question.ts";
import { scoreAnswers, summarizeAnswers } from "../answering/score-answers.ts";
import { writeFileAtomic } from "../artifacts/atomic-file.ts";
import { loadCorpus } from "../artifacts/beir.ts";
import { sha256File, writeMeta } from "../artifacts/meta.ts";
import { readTrecRun } from "../artifacts/trec.ts";
import type { Run } from "../artifacts/trec.ts";
import { defineCommand, UsageError } from "../define-command.ts";
import type { CommandContext } from "../define-command.ts";
import { writePerQueryScores } from "../eval/per-query-scores.ts";
import { isTestSplit } from "../mining/held-out.ts";
import { answerLmFlags, isServer, openAnswerLm, openRatingAnswerLm } from "./answer-lm-flags.ts";

const options = z.strictObject({
  data: z
    .string()
    .meta({ placeholder: "dir", description: "folder with queries.jsonl: answers, or choices and answer_key" }),
  split: z.string().default("test").meta({ placeholder: "name" }),
  where: z.array(z.string()).default([]).meta({
    placeholder: "list",
    description: "only questions whose field has this value: set=nq_passages",
  }),
  exclude: z
    .string()
    .optional()
    .meta({ placeholder: "file", description: "ids of questions to leave out, one a line" }),
  corpus: z.string().optional().meta({ placeholder: "file", description: "corpus.jsonl; default: the one of --data" }),
  run: z.array(z.string()).default([]).meta({
    placeholder: "files",
    description: "TREC runs with the passages of each question; without one, or with --documents 0, the LM gets none",
  }),
  documents: z.array(z.coerce.number().int().min(0).max(100)).min(1).default([3]).meta({
    placeholder: "list",
    description: "passages in a prompt; of several numbers the best on --documents-split is taken",
  }),
  documentsSplit: z
    .string()
    .optional()
    .meta({ placeholder: "name", description: "development questions for --documents" }),
  protocol: z.enum(ANSWER_PROTOCOL_NAMES).meta({ placeholder: "name" }),
  shots: z
    .int()
    .min(0)
    .max(64)
    .optional()
    .meta({ description: "solved questions in a prompt; default: the protocol's" }),
  ...answerLmFlags,
  goldLogProbs: z
    .boolean()
    .default(false)
    .describe(
      "of a server, too: the mean log-probability of the right answer (vLLM, llama.cpp, npm run lm); a request more a question",
    ),
  output: z.string().meta({ placeholder: "dir", description: "answers.jsonl, per-query.jsonl, scores.json" }),
});
type Options = z.output<typeof options>;

const protocolList = Object.entries(ANSWER_PROTOCOLS)
  .map(([name, { summary }]) => `  ${name.padEnd(14)} ${summary}`)
  .join("\n");

/** `aar answer`: see the description below and `answerQuestions`. */
export const answerCommand = defineCommand({
  summary: "let a target LM answer a set's questions from a run's passages, and score the answers",
  description: `Open answers: the paper's substring accuracy, SQuAD's exact match and F1, and the mean log-probability of the
right answer: of a local LM (GGUF or ONNX), and with --gold-log-probs of a server that tells those of a prompt. Multiple choice: the letter by
log-probability where the server gives it, else the first letter of the reply; accuracy micro, macro over subjects, and by
category. Replies are kept as they come: killed at any moment, the same command goes on. Protocols:

${protocolList}`,
  examples: [
    "answer --data ../popqa --run base.trec --protocol popqa-gpt --lm http://localhost:8080/v1 --model local --output .aar/answers/base",
    "answer --data ../mmlu --split test --corpus ../openstax/corpus.jsonl --run mmlu.trec --documents 1,2,3,5,10 --documents-split val --protocol mmlu-gpt --lm https://api.openai.com/v1 --secret OPENAI_API_KEY --model gpt-5-mini --output .aar/answers/mmlu",
  ],
  options,
  async run(given, context) {
    const { split, documentsSplit } = given;
    if (documentsSplit !== undefined && isTestSplit(documentsSplit)) {
      throw new UsageError(
        `--documents-split ${documentsSplit}: a test split is not for choosing; name a development split`,
      );
    }
    if (given.documents.length > 1 && (documentsSplit === undefined || documentsSplit === split)) {
      throw new UsageError(
        `--documents ${given.documents.join(",")}: choose among them on other questions, by a --documents-split that is not --split ${split}`,
      );
    }
    const lm = await (given.goldLogProbs ? openRatingAnswerLm : openAnswerLm)(given, context.env);
    try {
      await answer(given, lm, context);
    } finally {
      await lm.close?.();
    }
  },
});

async function answer(given: Options, lm: AnswerLm, { print, log, progress, signal }: CommandContext): Promise<void> {
  const { data, split, output } = given;
  const protocol = ANSWER_PROTOCOLS[given.protocol];
  const questions = await questionsOf(given, split);
  checkKind(questions, given);
  const run = await readRuns(given.run);
  const corpusFile = given.corpus ?? path.join(data, "corpus.jsonl");
  const needsPassages = run.size > 0 && given.documents.some((count) => count > 0);
  const corpus = needsPassages ? await loadCorpus(corpusFile, log) : [];
  const passages = new Map(corpus.map((passage) => [passage.id, passage]));
  const common = {
    run,
    passages,
    lm,
    protocol,
    shots: given.shots,
    concurrency: isServer(given.lm) ? given.concurrency : 1, // a local LM answers one question at a time
    progress,
    signal,
  };
  const choice = await documentsFor(given, common);
  if (needsPassages) {
    warnOfBareQuestions({ questions, run, log });
  }
  const began = performance.now();
  const records = await answerQuestions({
    ...common,
    questions,
    shotPool: questions,
    documents: choice.documents,
    output: path.join(output, "answers.jsonl"),
  });
  const seconds = (performance.now() - began) / 1000;
  const scores = scoreAnswers(questions, records);
  const summary = { ...summarizeAnswers(questions, scores), ...choice, ...costOf(records) };
  await writePerQueryScores(path.join(output, "per-query.jsonl"), scores);
  await writeFileAtomic(path.join(output, "scores.json"), `${JSON.stringify(summary, undefined, 2)}\n`);
  const inputs = { queries: await sha256File(path.join(data, "queries.jsonl")), ...(await hashesOf(given.run)) };
  const facts = { lm: lm.identity, protocol: given.protocol, ...summary };
  await writeMeta(path.join(output, "answers"), { stage: "answer", schemaVersion: 1, options: given, inputs, facts });
  log(`${records.length} answers, ${seconds.toFixed(0)} s in this run`);
  print(JSON.stringify(summary, undefined, 2));
}

async function questionsOf({ data, where, exclude }: Options, split: string): Promise<Question[]> {
  const pairs = where.map((given) => {
    const [field = "", value, ...rest] = given.split("=");
    if (value === undefined || rest.length > 0) {
      throw new UsageError(`--where ${given}: expected FIELD=VALUE`);
    }
    return [field, value] as const;
  });
  const lines = exclude === undefined ? [] : (await readFile(exclude, "utf8")).split(/\r?\n/u);
  return await loadQuestions(data, {
    split,
    where: Object.fromEntries(pairs),
    exclude: new Set(lines.filter(Boolean)),
  });
}

function checkKind(questions: readonly Question[], { protocol, data }: Options): void {
  const { kind } = ANSWER_PROTOCOLS[protocol];
  const stray = questions.find(({ choices }) => (choices === undefined) !== (kind === "open"));
  if (stray !== undefined) {
    const is = stray.choices === undefined ? "has no choices" : "is multiple choice";
    throw new AppError(
      "invalid_request",
      `--protocol ${protocol} asks ${kind} questions; "${stray.id}" of ${data} ${is}`,
    );
  }
}

async function readRuns(files: readonly string[]): Promise<Run> {
  const runs = await Promise.all(files.map((file) => readTrecRun(file)));
  return new Map(runs.flatMap((run) => [...run]));
}

async function hashesOf(files: readonly string[]): Promise<Record<string, string>> {
  const hashed = files.map(async (file, index) => [`run${index + 1}`, await sha256File(file)] as const);
  return Object.fromEntries(await Promise.all(hashed));
}

type CommonOptions = Omit<AnswerQuestionsOptions, "questions" | "shotPool" | "documents" | "output">;

/** The number of passages given, or the best of several on the development questions. */
async function documentsFor(
  given: Options,
  common: CommonOptions,
): Promise<DocumentChoice | { readonly documents: number }> {
  const [first = 0, ...others] = given.documents;
  if (others.length === 0 || given.documentsSplit === undefined) {
    return { documents: first };
  }
  const questions = await questionsOf(given, given.documentsSplit);
  return await chooseDocuments({
    ...common,
    questions,
    shotPool: questions,
    candidates: given.documents,
    outputOf: (documents) => path.join(given.output, `${given.documentsSplit}-${documents}.jsonl`),
  });
}

interface BareQuestions {
  readonly questions: readonly Question[];
  readonly run: Run;
  readonly log: (message: string) => void;
}

function warnOfBareQuestions({ questions, run, log }: BareQuestions): void {
  const bare = questions.filter(({ id }) => (run.get(id) ?? []).length === 0);
  if (bare.length > 0) {
    log(`${bare.length} of ${questions.length} questions are in no run, as "${bare[0]?.id}": asked without passages`);
  }
}

function costOf(records: readonly AnswerRecord[]) {
  const sum = (of: (record: AnswerRecord) => number): number =>
    records.reduce((total, record) => total + of(record), 0);
  return {
    promptTokens: sum(({ promptTokens }) => promptTokens),
    completionTokens: sum(({ completionTokens }) => completionTokens),
    byLogProbability: sum(({ isByLogProbability }) => (isByLogProbability ? 1 : 0)),
  };
}
