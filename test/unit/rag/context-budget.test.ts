import * as fc from "fast-check";
import { describe, test } from "vitest";
import { contextBudget, fitPassages } from "../../../src/rag/context-budget.ts";
import type { RetrievedPassage } from "../../../src/retrieval/types.ts";
import { retrievedPassages } from "../../support/retrieved-passages.ts";

const countWords = (text: string): number => text.split(/\s+/u).filter(Boolean).length;
const countPassage = ({ passage }: RetrievedPassage): number => 10 + countWords(passage.text);

describe("contextBudget", () => {
  const limits = { contextWindow: 1_000, maxOutputTokens: 200, countTokens: countWords, parameters: {}, messages: [] };

  test("is the window without the answer", ({ expect }) => {
    expect(contextBudget(limits)).toBe(800);
    expect(contextBudget({ ...limits, parameters: { max_tokens: 500 } })).toBe(500);
    expect(contextBudget({ ...limits, parameters: { max_completion_tokens: 100, max_tokens: 500 } })).toBe(900);
  });

  test("leaves room for conversation, tool calls and tools", ({ expect }) => {
    const messages = [{ role: "user", content: "one two three" }];
    const used = 800 - contextBudget({ ...limits, messages });
    expect(used).toBeGreaterThanOrEqual(3);
    expect(used).toBeLessThan(20);
    expect(contextBudget({ ...limits, parameters: { tools: [{ name: "a b c d" }] } })).toBeLessThan(800);
  });

  test("counts an image as an image, not as its base64", ({ expect }) => {
    const image = { type: "image_url", image_url: { url: `data:image/png;base64,${"A ".repeat(100_000)}` } };
    const budget = contextBudget({ ...limits, contextWindow: 10_000, messages: [{ role: "user", content: [image] }] });
    expect(budget).toBeGreaterThan(8_000);
  });

  test("is never negative", ({ expect }) => {
    expect(contextBudget({ ...limits, messages: [{ role: "user", content: "word ".repeat(5_000) }] })).toBe(0);
  });
});

describe("fitPassages", () => {
  const sentence = (words: number): string => `S${" word".repeat(words - 1)}.`;
  const passages = retrievedPassages([
    { text: sentence(90) },
    { text: [sentence(60), sentence(30), sentence(60)].join(" ") },
    { text: sentence(20) },
  ]);
  const fit = (budget: number) => fitPassages({ passages, budget, instructionTokens: 50, countPassage });

  test("keeps all that fit", ({ expect }) => {
    expect(fit(1_000)).toEqual({ passages, tokens: 50 + 100 + 160 + 30, droppedCount: 0, isLastCut: false });
  });

  test("drops the lowest-ranked first", ({ expect }) => {
    expect(fit(310)).toMatchObject({ passages: passages.slice(0, 2), tokens: 310, droppedCount: 1, isLastCut: false });
  });

  test("cuts the last at the end of a sentence, and nothing ranked lower takes the room", ({ expect }) => {
    const { passages: fitted, ...rest } = fit(255);
    expect(rest).toEqual({ tokens: 250, droppedCount: 1, isLastCut: true });
    expect(fitted.map(({ passage }) => passage.text)).toEqual([sentence(90), `${sentence(60)} ${sentence(30)}`]);
  });

  test("drops what would be cut to next to nothing", ({ expect }) => {
    expect(fit(190)).toMatchObject({ passages: passages.slice(0, 1), tokens: 150, droppedCount: 2, isLastCut: false });
  });

  test("drops everything when there is no room", ({ expect }) => {
    expect(fit(0)).toEqual({ passages: [], tokens: 0, droppedCount: 3, isLastCut: false });
  });

  test("never exceeds the budget, keeps the order, and tells the truth about tokens", ({ expect }) => {
    const texts = fc.array(fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1, maxLength: 5 }), { maxLength: 6 });
    fc.assert(
      fc.property(texts, fc.nat(500), (lengths, budget) => {
        const candidates = retrievedPassages(lengths.map((words) => ({ text: words.map(sentence).join(" ") })));
        const fitted = fitPassages({ passages: candidates, budget, instructionTokens: 7, countPassage });
        expect(fitted.passages.map(({ rank }) => rank)).toEqual(fitted.passages.map((_, index) => index + 1));
        const tokens = fitted.passages.reduce((sum, passage) => sum + countPassage(passage), 7);
        expect(fitted.tokens).toBe(fitted.passages.length === 0 ? fitted.tokens : tokens);
        expect(fitted.passages.length === 0 || fitted.tokens <= budget).toBe(true);
        expect(fitted.passages.length + fitted.droppedCount).toBe(candidates.length);
      }),
    );
  });
});
