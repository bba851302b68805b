import { describe, it } from "vitest";
import { hashSplit } from "../../../../training/artifacts/hash-split.ts";
import { dealQuestions } from "../../../../training/mining/deal-questions.ts";
import type { DealQuestionsOptions } from "../../../../training/mining/deal-questions.ts";
import { inCorpusSplit } from "../../../../training/mining/in-corpus-split.ts";

const SHARES = { train: 0.5, dev: 0.5 };
const IDS = Array.from({ length: 100 }, (_, index) => `q${index}`);

const OPTIONS: DealQuestionsOptions = {
  questions: IDS.map((id, index) => ({ id, split: index < 50 ? "train" : "test" })),
  qrels: new Map(
    IDS.map((id, index) => [
      id,
      new Map([
        ["bad", 0],
        [`p${index % 10}`, 2],
        ["other", 1],
      ]),
    ]),
  ),
  from: "train",
  by: "question",
  shares: SHARES,
  seed: 3,
};

describe("dealQuestions", () => {
  it("deals out the questions of one split by their hashes and leaves the others", ({ expect }) => {
    const dealt = dealQuestions(OPTIONS);
    expect([...dealt]).toEqual(
      IDS.map((id, index) => [id, index < 50 ? hashSplit(id, { shares: SHARES, seed: 3 }) : "test"]),
    );
  });

  it("by passage: the best judged passage decides, and an unjudged question is left out", ({ expect }) => {
    const qrels = new Map([...OPTIONS.qrels].slice(1));
    const dealt = dealQuestions({ ...OPTIONS, qrels, by: "passage" });
    expect(dealt.has("q0")).toBe(false);
    for (const [index, id] of IDS.slice(0, 50).entries()) {
      const expected = index === 0 ? undefined : inCorpusSplit({ queryId: id, passageId: `p${index % 10}` });
      expect(dealt.get(id)).toBe(expected);
    }
  });

  it("deals out a test split only of a set that has no other", ({ expect }) => {
    expect(() => dealQuestions({ ...OPTIONS, from: "test" })).toThrow(/the set has others: train; pass --from train/u);
    expect(() => dealQuestions({ ...OPTIONS, from: undefined })).toThrow(/the set has others/u);
    const only = OPTIONS.questions.map(({ id }) => ({ id, split: "test" }));
    expect(dealQuestions({ ...OPTIONS, questions: only, from: undefined }).size).toBe(100);
  });

  it("refuses a split that there is not, naming those there are", ({ expect }) => {
    expect(() => dealQuestions({ ...OPTIONS, from: "val" })).toThrow(
      /no question of split "val"; there are test, train/u,
    );
  });
});
