import { describe, it } from "vitest";
import type { Question } from "../../../../training/answering/question.ts";
import { scoreAnswers, summarizeAnswers } from "../../../../training/answering/score-answers.ts";

function choice(id: string, subject: string, category: string): Question {
  const choices = { options: ["x", "y"], key: "A" };
  return { id, text: id, answers: [], choices, subject, category, popularity: undefined };
}

function record(queryId: string, prediction: string) {
  return { queryId, prediction, passages: [], isByLogProbability: false, promptTokens: 0, completionTokens: 0 };
}

describe("summarizeAnswers", () => {
  it("weighs subjects equally (macro) and by their questions (micro), and categories by their subjects", ({
    expect,
  }) => {
    const questions = [
      choice("a1", "algebra", "STEM"),
      choice("b1", "biology", "STEM"),
      choice("b2", "biology", "STEM"),
      choice("l1", "law", "humanities"),
    ];
    const records = [record("a1", "A"), record("b1", "A"), record("b2", "B"), record("l1", "")];
    const scores = scoreAnswers(questions, records);
    expect(summarizeAnswers(questions, scores)).toEqual({
      questions: 4,
      means: { Accuracy: 2 / 4 },
      macro: (1 + 0.5 + 0) / 3,
      subjects: 3,
      categories: { STEM: 0.75, humanities: 0 },
    });
  });

  it("scores open answers three ways; an answer that is missing is wrong", ({ expect }) => {
    const open = (id: string): Question => ({
      id,
      text: id,
      answers: ["Johann Goethe"],
      choices: undefined,
      subject: undefined,
      category: undefined,
      popularity: undefined,
    });
    const questions = [open("q1"), open("q2")];
    const scores = scoreAnswers(questions, [record("q1", "Johann Goethe wrote it")]);
    expect(scores.get("q1")).toEqual({ Accuracy: 1, EM: 0, F1: (2 * 2) / (4 + 2) });
    expect(summarizeAnswers(questions, scores)).toEqual({
      questions: 2,
      means: { Accuracy: 0.5, EM: 0, F1: 1 / 3 },
    });
  });
});
