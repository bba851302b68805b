import * as fc from "fast-check";
import { describe, it } from "vitest";
import type { RankedQuery } from "../../../../training/eval/measure.ts";
import { DEFAULT_MEASURES, parseMeasure } from "../../../../training/eval/measures.ts";

const TEXTS = new Map([
  ["a", "The Eiffel Tower"],
  ["b", "stands in Paris, France."],
]);

function rankedQuery(given: Partial<RankedQuery>): RankedQuery {
  return { ranking: [], grades: new Map(), answers: [], passageText: (id) => TEXTS.get(id), ...given };
}

// Judged: a 3, b 1, c 0, d 2 (never retrieved). Retrieved: c, a, x (unjudged), b.
const GRADES = new Map([
  ["a", 3],
  ["b", 1],
  ["c", 0],
  ["d", 2],
]);
const RANKING = ["c", "a", "x", "b"];
const log2 = Math.log2;

describe("measures, by hand", () => {
  const cases: [string, number][] = [
    ["nDCG@2", 3 / log2(3) / (3 + 2 / log2(3))],
    ["nDCG@10", (3 / log2(3) + 1 / log2(5)) / (3 + 2 / log2(3) + 1 / log2(4))],
    ["nDCG", (3 / log2(3) + 1 / log2(5)) / (3 + 2 / log2(3) + 1 / log2(4))],
    ["MRR@10", 1 / 2],
    ["MRR@1", 0],
    ["RR(rel=2)@10", 1 / 2],
    ["Recall@2", 1 / 3],
    ["Recall@100", 2 / 3],
    ["R(rel=2)@100", 1 / 2],
    ["Success@1", 0],
    ["Success@2", 1],
    ["P@2", 1 / 2],
    ["P@10", 2 / 10],
    ["P(rel=2)@10", 1 / 10],
    ["AP", (1 / 2 + 2 / 4) / 3],
    ["AP@2", 1 / 2 / 3],
    ["AP(rel=2)", 1 / 2 / 2],
  ];
  it.for(cases)("%s is %f", ([name, expected], { expect }) => {
    const score = parseMeasure(name).score(rankedQuery({ ranking: RANKING, grades: GRADES }));
    expect(score).toBeCloseTo(expected, 12);
  });

  it.for(DEFAULT_MEASURES.filter((name) => !name.startsWith("AnswerMatch")))(
    "%s is 0 for an empty ranking and for a query without a relevant passage",
    (name, { expect }) => {
      const measure = parseMeasure(name);
      expect(measure.score(rankedQuery({ grades: GRADES }))).toBe(0);
      expect(measure.score(rankedQuery({ ranking: RANKING, grades: new Map([["c", 0]]) }))).toBe(0);
    },
  );

  it("a negative grade gains nothing", ({ expect }) => {
    const grades = new Map([
      ["a", -2],
      ["b", 1],
    ]);
    expect(parseMeasure("nDCG@10").score(rankedQuery({ ranking: ["a", "b"], grades }))).toBeCloseTo(1 / log2(3), 12);
  });

  it("stay within 0 and 1, and a perfect ranking gets 1 from nDCG and AP", ({ expect }) => {
    const judged = fc.uniqueArray(fc.tuple(fc.string({ minLength: 1 }), fc.nat(3)), {
      selector: ([id]) => id,
      minLength: 1,
    });
    fc.assert(
      fc.property(judged, (entries) => {
        const grades = new Map(entries);
        const ranking = entries.map(([id]) => id);
        for (const name of ["nDCG@3", "MRR@3", "Recall@3", "Success@3", "P@3", "AP"]) {
          const score = parseMeasure(name).score(rankedQuery({ ranking, grades })) ?? Number.NaN;
          expect(score).toBeGreaterThanOrEqual(0);
          expect(score).toBeLessThanOrEqual(1 + 1e-12);
        }
        const ideal = [...entries].sort((a, b) => b[1] - a[1]).map(([id]) => id);
        const isAnyRelevant = entries.some(([, grade]) => grade > 0);
        for (const name of ["nDCG@3", "nDCG", "AP"]) {
          expect(parseMeasure(name).score(rankedQuery({ ranking: ideal, grades }))).toBeCloseTo(
            isAnyRelevant ? 1 : 0,
            12,
          );
        }
      }),
    );
  });
});

describe("answer match", () => {
  it("ignores case, articles, punctuation and white space", ({ expect }) => {
    const query = rankedQuery({ ranking: ["b"], answers: ["the  paris France!"] });
    expect(parseMeasure("AnswerMatch@1").score(query)).toBe(1);
  });

  it("looks at the first k passages only", ({ expect }) => {
    const query = rankedQuery({ ranking: ["a", "b"], answers: ["Paris"] });
    expect(parseMeasure("AnswerMatch@1").score(query)).toBe(0);
    expect(parseMeasure("AnswerMatch@2").score(query)).toBe(1);
  });

  it("does not apply to a query whose answers are none or normalise to nothing", ({ expect }) => {
    expect(parseMeasure("AnswerMatch@1").score(rankedQuery({ ranking: ["a"] }))).toBeUndefined();
    expect(parseMeasure("AnswerMatch@1").score(rankedQuery({ ranking: ["a"], answers: ["the", "?"] }))).toBeUndefined();
  });
});

describe("measure names", () => {
  it.for([
    ["NDCG@10", "nDCG@10"],
    ["RR@10", "MRR@10"],
    ["R(rel=2)@100", "Recall(rel=2)@100"],
    ["P(rel=1)@10", "P@10"],
    ["MAP", "AP"],
  ])("%s prints as %s, which parses to itself", ([given, canonical], { expect }) => {
    expect(parseMeasure(given ?? "").name).toBe(canonical);
    expect(parseMeasure(canonical ?? "").name).toBe(canonical);
  });

  it.for([
    ["nDGC@10", /unknown measure "nDGC@10"; there are nDCG, /u],
    ["P", /needs a cutoff: P@10/u],
    ["P@0", /start at 1/u],
    ["nDCG(rel=2)@10", /knows no relevance threshold/u],
    ["nDCG@-1", /unknown measure/u],
  ] as const)("%s is refused", ([given, message], { expect }) => {
    expect(() => parseMeasure(given)).toThrow(message);
  });
});
