import { readFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { AppError } from "../../../../src/shared/errors.ts";
import { answerQuestions } from "../../../../training/answering/answer-questions.ts";
import type { AnswerQuestionsOptions } from "../../../../training/answering/answer-questions.ts";
import { chooseDocuments } from "../../../../training/answering/choose-documents.ts";
import { ANSWER_PROTOCOLS } from "../../../../training/answering/protocols.ts";
import type { Question } from "../../../../training/answering/question.ts";
import { fakeAnswerLm } from "../../../support/fake-answer-lm.ts";
import { silentProgress } from "../../../support/silent-progress.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

function question(number: number, subject: string): Question {
  return {
    id: `q${number}`,
    text: `question ${number}?`,
    answers: [`answer ${number}`],
    choices: undefined,
    subject,
    category: undefined,
    popularity: undefined,
  };
}

const QUESTIONS = [question(1, "author"), question(2, "author"), question(3, "capital"), question(4, "genre")];
const PASSAGES = new Map(["p1", "p2"].map((id) => [id, { id, title: "", text: `text of ${id}` }]));
const RUN = new Map(
  QUESTIONS.map(({ id }) => [
    id,
    [
      { id: "p1", score: 2 },
      { id: "p2", score: 1 },
    ],
  ]),
);

async function optionsFor(
  onTestFinished: Parameters<typeof temporaryFolder>[0],
  given: Pick<AnswerQuestionsOptions, "lm"> & Partial<AnswerQuestionsOptions>,
): Promise<AnswerQuestionsOptions> {
  return {
    questions: QUESTIONS,
    run: RUN,
    documents: 1,
    passages: PASSAGES,
    protocol: ANSWER_PROTOCOLS["popqa-gpt"],
    shotPool: QUESTIONS,
    concurrency: 1,
    output: path.join(await temporaryFolder(onTestFinished), "answers.jsonl"),
    progress: silentProgress,
    signal: new AbortController().signal,
    ...given,
  };
}

describe("answerQuestions", () => {
  it("asks each question with its best passages and keeps the order of the questions", async ({
    expect,
    onTestFinished,
  }) => {
    const lm = fakeAnswerLm((prompt) => ({ text: ` ${/\d(?=\?)/u.exec(prompt)?.[0]}\nmore` }));
    const records = await answerQuestions(await optionsFor(onTestFinished, { lm, concurrency: 3 }));
    expect(records.map(({ queryId, prediction }) => [queryId, prediction])).toEqual([
      ["q1", "1"],
      ["q2", "2"],
      ["q3", "3"],
      ["q4", "4"],
    ]);
    expect(records[0]).toMatchObject({ passages: ["p1"], promptTokens: 10, completionTokens: 1 });
    expect(lm.requests[0]?.messages).toEqual([{ role: "user", content: "text of p1\n\nQ: question 1? A:" }]);
  });

  it("shows one solved question of each other subject", async ({ expect, onTestFinished }) => {
    const lm = fakeAnswerLm(() => ({ text: "x" }));
    await answerQuestions(await optionsFor(onTestFinished, { lm, shots: 15, documents: 0 }));
    const prompt = lm.requests[1]?.messages[0]?.content;
    expect(prompt).toBe("Q: question 3? A: answer 3\n\nQ: question 4? A: answer 4\n\nQ: question 2? A:");
  });

  it("loses nothing when the LM dies midway, and goes on from there", async ({ expect, onTestFinished }) => {
    const dying = fakeAnswerLm((prompt) => {
      if (prompt.includes("question 3")) {
        throw new AppError("upstream_unavailable", "the LM is gone");
      }
      return { text: "first run" };
    });
    const options = await optionsFor(onTestFinished, { lm: dying });
    await expect(answerQuestions(options)).rejects.toThrow("the LM is gone");
    const revived = fakeAnswerLm(() => ({ text: "second run" }));
    const records = await answerQuestions({ ...options, lm: revived });
    expect(records.map(({ prediction }) => prediction)).toEqual(["first run", "first run", "second run", "second run"]);
    expect(revived.requests).toHaveLength(2);
    await answerQuestions({ ...options, lm: fakeAnswerLm(() => ({ text: "never asked" })) });
    expect(await readFile(options.output, "utf8")).not.toContain("never asked");
  });

  it("refuses to mix answers to other prompts into the same file", async ({ expect, onTestFinished }) => {
    const options = await optionsFor(onTestFinished, { lm: fakeAnswerLm(() => ({ text: "x" })) });
    await answerQuestions(options);
    await expect(answerQuestions({ ...options, documents: 2 })).rejects.toThrow(/other inputs or options/u);
    const other = fakeAnswerLm(() => ({ text: "x" }), "another");
    await expect(answerQuestions({ ...options, lm: other })).rejects.toThrow(/other inputs or options/u);
  });

  it("reads the letter of a choice by log-probability and says so", async ({ expect, onTestFinished }) => {
    const choices = { options: ["x", "y"], key: "B" };
    const questions = [{ ...question(1, "law"), answers: [], choices }];
    const protocol = ANSWER_PROTOCOLS["mmlu-gpt"];
    const firstToken = new Map([
      [" A", -2],
      [" B", -1],
    ]);
    const knowing = fakeAnswerLm(() => ({ text: "A", firstToken }));
    const [record] = await answerQuestions(await optionsFor(onTestFinished, { lm: knowing, questions, protocol }));
    expect(record).toMatchObject({ prediction: "B", isByLogProbability: true });
    expect(knowing.requests[0]).toMatchObject({ maxTokens: 1, letters: ["A", "B"] });
  });

  it("stops at an abort", async ({ expect, onTestFinished }) => {
    const signal = AbortSignal.abort(new AppError("aborted", "interrupted"));
    const lm = fakeAnswerLm(() => ({ text: "x" }));
    await expect(answerQuestions(await optionsFor(onTestFinished, { lm, signal }))).rejects.toThrow("interrupted");
    expect(lm.requests).toEqual([]);
  });
});

describe("chooseDocuments", () => {
  it("takes the best number of passages, and the smallest of equally good ones", async ({ expect, onTestFinished }) => {
    // Right with one passage or two for q1 and q2, with two passages only for q3, never for q4.
    const lm = fakeAnswerLm((prompt) => {
      const number = Number(/(\d)\?/u.exec(prompt)?.[1]);
      const passages = prompt.match(/text of/gu)?.length ?? 0;
      return { text: passages > (number < 3 ? 0 : 1) && number < 4 ? `answer ${number}` : "?" };
    });
    const { output, documents: _, ...options } = await optionsFor(onTestFinished, { lm });
    const outputOf = (documents: number): string => `${output}.${documents}`;
    // Macro over subjects: author, capital, genre.
    expect(await chooseDocuments({ ...options, candidates: [3, 2, 0, 1, 2], outputOf })).toEqual({
      documents: 2,
      curve: [
        { documents: 0, accuracy: 0 },
        { documents: 1, accuracy: 1 / 3 },
        { documents: 2, accuracy: 2 / 3 },
        { documents: 3, accuracy: 2 / 3 },
      ],
    });
  });
});
