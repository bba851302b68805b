import { describe, it } from "vitest";
import type { TrainingExample } from "../../../../training/artifacts/training-examples.ts";
import { dealExamples } from "../../../../training/preferences/deal-examples.ts";

const SHARES = { dev: 0.2, train: 0.8 };
const examples: TrainingExample[] = Array.from({ length: 600 }, (_, index) => ({
  queryId: `q${index}`,
  query: `question ${index}`,
  positives: [`p${index % 150}`, `p${(index * 7) % 150}`].map((passageId) => ({ passageId, from: ["human"] })),
  hardNegatives: [],
}));
const passagesOf = (part: readonly TrainingExample[]): Set<string> =>
  new Set(part.flatMap(({ positives }) => positives.map(({ passageId }) => passageId)));

describe("dealExamples", () => {
  it("by question: each question is in one part, with all its positives", ({ expect }) => {
    const { train, dev } = dealExamples(examples, { by: "question", shares: SHARES, seed: 0 });
    expect([...train, ...dev].toSorted((a, b) => examples.indexOf(a) - examples.indexOf(b))).toEqual(examples);
    expect(dev.length / examples.length).toBeCloseTo(0.2, 1);
  });

  it("by passage: no positive of training is the first positive of a dev question", ({ expect }) => {
    const { train, dev } = dealExamples(examples, { by: "passage", shares: SHARES, seed: 0 });
    const firsts = new Set(dev.map(({ positives: [first] }) => first?.passageId ?? ""));
    expect(firsts.size).toBeGreaterThan(15);
    expect(passagesOf(train).isDisjointFrom(firsts)).toBe(true);
    expect(train.every(({ positives }) => positives.length > 0)).toBe(true);
    expect(train.length + dev.length).toBe(examples.length);
  });

  it("another seed deals another way, the same seed the same way", ({ expect }) => {
    const devOf = (seed: number) => dealExamples(examples, { by: "passage", shares: SHARES, seed }).dev;
    expect(devOf(1)).toEqual(devOf(1));
    expect(devOf(1)).not.toEqual(devOf(2));
  });
});
