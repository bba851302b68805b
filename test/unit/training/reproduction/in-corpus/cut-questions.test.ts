import { describe, it } from "vitest";
import { cutQuestions } from "../../../../../training/reproduction/in-corpus/cut-questions.ts";
import { IN_CORPUS_SETS } from "../../../../../training/reproduction/in-corpus/sets.ts";

const questions = Array.from({ length: 2000 }, (_, index) => ({
  id: `q${index}`,
  text: `question ${index}`,
  split: "test",
}));
const qrels = new Map(questions.map(({ id }, index) => [id, new Map([[`p${index % 400}`, 1]])]));

describe("cutQuestions", () => {
  it("keeps the passages of training out of the unseen parts", ({ expect }) => {
    const parts = cutQuestions({ cut: "by-passage", queries: questions, qrels });
    const passagesOf = (part: string): Set<string> =>
      new Set([...parts].filter(([, of]) => of === part).flatMap(([id]) => [...(qrels.get(id)?.keys() ?? [])]));
    expect(passagesOf("train").size).toBeGreaterThan(100);
    expect(passagesOf("train").isDisjointFrom(passagesOf("test-unseen"))).toBe(true);
    expect(passagesOf("train").isDisjointFrom(passagesOf("dev-unseen"))).toBe(true);
  });

  it("does not depend on the order or number of questions", ({ expect }) => {
    const whole = cutQuestions({ cut: "by-passage", queries: questions, qrels });
    const half = cutQuestions({ cut: "by-passage", queries: questions.slice(0, 1000).toReversed(), qrels });
    expect([...half].every(([id, part]) => whole.get(id) === part)).toBe(true);
  });

  it("keeps a set's own test, and cuts its training split", ({ expect }) => {
    const queries = questions.map((query, index) => ({ ...query, split: index < 500 ? "test" : "train" }));
    const parts = cutQuestions({ cut: IN_CORPUS_SETS.bioasq.cut, queries, qrels });
    expect(queries.filter(({ split }) => split === "test").every(({ id }) => parts.get(id) === "test-unseen")).toBe(
      true,
    );
    const rest = queries.filter(({ split }) => split === "train").map(({ id }) => parts.get(id));
    expect(new Set(rest)).toEqual(new Set(["train", "dev-unseen"]));
  });

  it("takes a question out of training that is tested in the same words", ({ expect }) => {
    const queries = questions.map((query, index) => ({
      ...query,
      split: index === 0 ? "test" : "train",
      text: index < 100 ? "Who is the king?" : query.text,
    }));
    const parts = cutQuestions({ cut: IN_CORPUS_SETS.bioasq.cut, queries, qrels });
    expect(queries.slice(0, 100).flatMap(({ id }) => parts.get(id) ?? [])).toEqual(["test-unseen"]);
  });
});
