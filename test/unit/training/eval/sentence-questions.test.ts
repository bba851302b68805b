import { describe, it } from "vitest";
import { sentenceQuestions, withoutOwnPassages } from "../../../../training/eval/sentence-questions.ts";

function passage(id: string, text: string) {
  return { id, title: "", text, url: "", documentId: id, metadata: {} };
}

const PASSAGES = Array.from({ length: 20 }, (_, index) =>
  passage(`p${index}`, `Short. The first sentence of passage ${index} is this. And here is the second sentence of it.`),
);

describe("sentenceQuestions", () => {
  it("takes a whole sentence of each chosen passage, a smaller number being a part of a larger one", ({ expect }) => {
    const all = sentenceQuestions({ passages: PASSAGES, count: 12, seed: 0 });
    expect(all).toHaveLength(12);
    for (const { id, text } of all) {
      expect(PASSAGES.find((candidate) => candidate.id === id)?.text).toContain(text);
      expect(text).toMatch(/^(?:The first|And here) .*\.$/u);
    }
    expect(new Set(all.map(({ text }) => text.slice(0, 3))).size).toBe(2);
    expect(sentenceQuestions({ passages: PASSAGES, count: 5, seed: 0 })).toEqual(all.slice(0, 5));
    expect(sentenceQuestions({ passages: PASSAGES, count: 12, seed: 1 })).not.toEqual(all);
  });

  it("passes over passages without a sentence of five words", ({ expect }) => {
    const passages = [passage("a", "Too short."), passage("b", ""), passage("c", "This one has just enough words.")];
    expect(sentenceQuestions({ passages, count: 3, seed: 0 }).map(({ id }) => id)).toEqual(["c"]);
  });
});

describe("withoutOwnPassages", () => {
  it("drops the passage that the sentence was taken from, from both runs", ({ expect }) => {
    const run = new Map([["a", ["a", "b"].map((id) => ({ id, score: 1 }))]]);
    const { dense, lexical } = withoutOwnPassages({ dense: run, lexical: run, similarity: "cosine", depth: 2 });
    const rest = new Map([["a", [{ id: "b", score: 1 }]]]);
    expect([dense, lexical]).toEqual([rest, rest]);
  });
});
