import { test } from "vitest";
import { feedbackQuestions } from "../../../../training/feedback/feedback-questions.ts";

test("feedback on the same words is one question, with its first wording", ({ expect }) => {
  const questions = feedbackQuestions([
    { query: "Who rules the sea?", passages: [], answer: {} },
    { query: "who rules sea", passages: [], answer: {} },
    { query: "Who rules land?", passages: [], answer: {} },
  ]);
  expect(questions.map(({ text }) => text)).toEqual(["Who rules the sea?", "Who rules land?"]);
  expect(new Set(questions.map(({ id }) => id)).size).toBe(2);
});

test("a passage's grade is the rounded mean of its grades", ({ expect }) => {
  const [question] = feedbackQuestions([
    {
      query: "q",
      passages: [
        { id: "a", grade: 3 },
        { id: "b", grade: 0 },
      ],
      answer: {},
    },
    {
      query: "q",
      passages: [
        { id: "a", grade: 0 },
        { id: "b", grade: 0 },
      ],
      answer: {},
    },
    { query: "q", passages: [{ id: "b", grade: 1 }], answer: {} },
  ]);
  expect([...(question?.grades ?? [])]).toEqual([
    ["a", 2],
    ["b", 0],
  ]);
});

test("citations count when the answer was approved and nobody graded the passage", ({ expect }) => {
  const passages = [{ id: "cited", cited: true }, { id: "shown" }, { id: "graded", cited: true, grade: 0 }];
  const gradesFor = (rating: "up" | "down") =>
    Object.fromEntries(feedbackQuestions([{ query: "q", passages, answer: { rating } }])[0]?.grades ?? []);
  expect(gradesFor("up")).toEqual({ cited: 1, graded: 0 });
  expect(gradesFor("down")).toEqual({ graded: 0 });
});

test("approved answers are the question's answers, each once", ({ expect }) => {
  const [question] = feedbackQuestions([
    { query: "q", passages: [], answer: { rating: "up", text: "Canada" } },
    { query: "q", passages: [], answer: { rating: "up", text: "Canada" } },
    { query: "q", passages: [], answer: { rating: "down", text: "Norway" } },
    { query: "q", passages: [], answer: { text: "Chile" } },
  ]);
  expect(question?.answers).toEqual(["Canada"]);
});

test("words that normalise to nothing still tell questions apart", ({ expect }) => {
  expect(feedbackQuestions(["?", "!"].map((query) => ({ query, passages: [], answer: {} })))).toHaveLength(2);
});
