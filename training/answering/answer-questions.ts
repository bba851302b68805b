import { z } from "zod";
import { toAppError } from "../../src/shared/errors.ts";
import { openJournal } from "../artifacts/journal.ts";
import { sha256Hex } from "../artifacts/meta.ts";
import type { Run } from "../artifacts/trec.ts";
import type { Progress, ProgressOptions } from "../progress.ts";
import type { AnswerLm } from "./answer-lm.ts";
import { cutTokens } from "./cut-tokens.ts";
import type { AnswerProtocol, PromptPassage, Shot } from "./protocol.ts";
import type { Question } from "./question.ts";
import { readChoice, readOpenAnswer } from "./read-answer.ts";

const recordSchema = z.strictObject({
  queryId: z.string(),
  /** Text of an open answer; the letter of a choice, empty when the reply held none. */
  prediction: z.string(),
  /** Of the passages in the prompt, best first. */
  passages: z.array(z.string()),
  /** Mean log-probability of the first accepted answer; absent where the LM cannot tell. */
  rightAnswerLogProbability: z.number().optional(),
  /** Whether the letter was read from log-probabilities. */
  isByLogProbability: z.boolean(),
  promptTokens: z.number(),
  completionTokens: z.number(),
});

/** One line of `answers.jsonl`. */
export type AnswerRecord = z.output<typeof recordSchema>;

export interface AnswerQuestionsOptions {
  readonly questions: readonly Question[];
  /** Ranked passages; empty for the row without retrieval. */
  readonly run: Run;
  /** Passages put into a prompt. */
  readonly documents: number;
  readonly passages: ReadonlyMap<string, PromptPassage>;
  readonly lm: AnswerLm;
  readonly protocol: AnswerProtocol;
  /** Solved questions to choose shots from; those of the question's own subject are passed over. */
  readonly shotPool: readonly Question[];
  /** Default: the protocol's. */
  readonly shots?: number | undefined;
  /** Requests under way at once. */
  readonly concurrency: number;
  /** Journal of replies: a second run goes on where the first one ended. */
  readonly output: string;
  readonly progress: (options: ProgressOptions) => Progress;
  readonly signal: AbortSignal;
}

/**
 * Asks a target LM every question once and returns the replies in the order of the questions. What was asked before (same
 * prompts, LM and limits) is read from the journal; a failure of the LM ends the run, and nothing that was answered is lost.
 */
export async function answerQuestions(options: AnswerQuestionsOptions): Promise<AnswerRecord[]> {
  const { questions, lm, protocol, output, concurrency, signal, progress: createProgress } = options;
  const requests = questions.map((question) => buildRequest(question, options));
  const identity = sha256Hex(
    JSON.stringify([lm.identity, protocol.maxTokens, protocol.stop, requests.map(({ messages }) => messages)]),
  );
  const journal = await openJournal(output, { identity, schema: recordSchema });
  const records = new Map(journal.entries.map((record) => [record.queryId, record]));
  const open = requests.filter(({ question }) => !records.has(question.id));
  const progress = createProgress({
    label: `answer (${lm.name})`,
    unit: "questions",
    total: questions.length,
    start: questions.length - open.length,
  });
  const failed = new AbortController();
  const stopped = AbortSignal.any([signal, failed.signal]);
  const work = async (): Promise<void> => {
    for (let request = open.shift(); request !== undefined; request = open.shift()) {
      stopped.throwIfAborted();
      const record = await ask(request, options, stopped);
      await journal.append(record);
      records.set(record.queryId, record);
      progress.advance(1);
    }
  };
  try {
    // The first failure stops the others before their next question; all are waited for, so that no reply is lost.
    const ended = await Promise.allSettled(
      Array.from({ length: concurrency }, () =>
        work().catch((error: unknown) => {
          failed.abort(error);
          throw toAppError(error);
        }),
      ),
    );
    const failure = ended.find((outcome) => outcome.status === "rejected");
    if (failure !== undefined) {
      throw toAppError(failed.signal.reason);
    }
  } finally {
    progress.finish();
    await journal.close();
  }
  return questions.flatMap(({ id }) => records.get(id) ?? []);
}

interface BuiltRequest {
  readonly question: Question;
  readonly passages: readonly PromptPassage[];
  readonly messages: ReturnType<AnswerProtocol["messages"]>;
}

function buildRequest(question: Question, options: AnswerQuestionsOptions): BuiltRequest {
  const { run, documents, passages: texts, protocol } = options;
  const passagesOf = (queryId: string, count: number): PromptPassage[] =>
    (run.get(queryId) ?? []).slice(0, count).flatMap(({ id }) => texts.get(id) ?? []);
  const passages = passagesOf(question.id, documents);
  const shots = chooseShots(question, options).map((shot): Shot => ({
    question: shot,
    passage: documents === 0 ? undefined : passagesOf(shot.id, 1)[0],
  }));
  return { question, passages, messages: protocol.messages({ question, passages, shots, cutTokens }) };
}

/** The first question of each other subject, as PopQA's protocol takes one of each other relation. */
function chooseShots(
  question: Question,
  { shotPool, protocol, shots = protocol.shots }: AnswerQuestionsOptions,
): Question[] {
  const chosen = new Map<string, Question>();
  for (const candidate of shotPool) {
    const subject = candidate.subject ?? candidate.id;
    if (chosen.size < shots && candidate.id !== question.id && subject !== question.subject && !chosen.has(subject)) {
      chosen.set(subject, candidate);
    }
  }
  return [...chosen.values()];
}

async function ask(
  { question, passages, messages }: BuiltRequest,
  { lm, protocol }: AnswerQuestionsOptions,
  signal: AbortSignal,
): Promise<AnswerRecord> {
  const isChoice = protocol.kind === "choice";
  const { maxTokens, stop } = protocol;
  const letters = (question.choices?.options ?? []).map((_, index) => String.fromCodePoint(65 + index));
  const reply = await lm.answer({ messages, maxTokens, stop, letters }, signal);
  const [right] = question.answers;
  const logProbability =
    right === undefined ? undefined : await lm.rightAnswerLogProbability?.(messages, right, signal);
  return {
    queryId: question.id,
    prediction: isChoice ? (readChoice(reply, letters) ?? "") : readOpenAnswer(reply.text, stop),
    passages: passages.map(({ id }) => id),
    ...(logProbability === undefined ? {} : { rightAnswerLogProbability: logProbability }),
    isByLogProbability: isChoice && reply.firstToken !== undefined,
    promptTokens: reply.promptTokens,
    completionTokens: reply.completionTokens,
  };
}
