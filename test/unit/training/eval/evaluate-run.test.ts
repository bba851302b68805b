import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, it } from "vitest";
import { z } from "zod";
import { loadEvaluationSet } from "../../../../training/artifacts/beir.ts";
import type { EvaluationSet } from "../../../../training/artifacts/beir.ts";
import { readJsonl } from "../../../../training/artifacts/jsonl.ts";
import { evaluateRun } from "../../../../training/eval/evaluate-run.ts";
import type { RunEvaluation } from "../../../../training/eval/evaluate-run.ts";
import { parseMeasure } from "../../../../training/eval/measures.ts";
import { pairedTTest } from "../../../../training/eval/paired-t-test.ts";
import { sharedFolder } from "../../../support/shared-folder.ts";

const SET: EvaluationSet = {
  queries: [
    { id: "found", text: "?", answers: ["x"] },
    { id: "missing", text: "?", answers: [] },
    { id: "unjudged", text: "?", answers: [] },
  ],
  qrels: new Map([
    ["found", new Map([["p", 1]])],
    ["missing", new Map([["p", 1]])],
  ]),
};
const measures = ["MRR@10", "AnswerMatch@1"].map(parseMeasure);
const passageText = (): string => "x";

describe("evaluateRun", () => {
  it("counts a judged query that the run lacks as 0, and leaves an unjudged one out", ({ expect }) => {
    const run = new Map([
      ["found", [{ id: "p", score: 1 }]],
      ["unjudged", [{ id: "p", score: 1 }]],
    ]);
    const evaluation = evaluateRun({ run, set: SET, measures, passageText });
    expect(evaluation).toMatchObject({ emptyQueries: 1, unjudgedQueries: 1 });
    expect(evaluation.means).toEqual([
      { measure: "MRR@10", mean: 0.5, n: 2 },
      { measure: "AnswerMatch@1", mean: 1, n: 1 },
    ]);
    expect([...evaluation.perQuery]).toEqual([
      ["found", { "MRR@10": 1, "AnswerMatch@1": 1 }],
      ["missing", { "MRR@10": 0 }],
    ]);
  });

  it("keeps the order of the run where scores tie", ({ expect }) => {
    const run = new Map([
      [
        "found",
        [
          { id: "other", score: 1 },
          { id: "p", score: 1 },
        ],
      ],
    ]);
    expect(evaluateRun({ run, set: SET, measures, passageText }).perQuery.get("found")).toMatchObject({
      "MRR@10": 0.5,
    });
  });

  it("refuses a ranking that holds a passage twice", ({ expect }) => {
    const twice = [
      { id: "p", score: 2 },
      { id: "p", score: 1 },
    ];
    expect(() => evaluateRun({ run: new Map([["found", twice]]), set: SET, measures, passageText })).toThrow(
      /query "found" holds a passage twice/u,
    );
  });

  it("refuses a set without judgments", ({ expect }) => {
    const set = { ...SET, qrels: new Map() };
    expect(() => evaluateRun({ run: new Map(), set, measures, passageText })).toThrow(/nothing to average/u);
  });
});

const fixture = sharedFolder("fixtures/measures", "data/msmarco_dl19_dl20");

const expectedSchema = z.looseObject({
  relevance_threshold_binary: z.int(),
  measures: z.array(z.string()),
  tracks: z.record(
    z.string(),
    z.record(
      z.string(),
      z.looseObject({ mean: z.array(z.number()), per_query: z.record(z.string(), z.array(z.number())) }),
    ),
  ),
  paired_t_test: z.array(
    z.looseObject({
      track: z.string(),
      a: z.string(),
      b: z.string(),
      measure: z.string(),
      mean_diff_a_minus_b: z.number(),
      t: z.number(),
      df: z.int(),
      p_two_sided: z.number(),
    }),
  ),
});
const runLineSchema = z.looseObject({
  system: z.string(),
  track: z.string(),
  query_id: z.string(),
  docs: z.array(z.string()),
});

/** Runs only where the reference data is: `sharedFolder` says so when it is not. */
if (fixture !== undefined) {
  describe("measures against ir_measures and scipy on TREC DL 2019 and 2020", async () => {
    const expected = expectedSchema.parse(
      JSON.parse(gunzipSync(readFileSync(`${fixture}/fixtures/measures/expected.json.gz`)).toString()),
    );
    const dataFolder = `${fixture}/data/msmarco_dl19_dl20`;
    const names = expected.measures.map((name) => withThreshold(name, expected.relevance_threshold_binary));
    const measures = names.map(parseMeasure);
    const evaluations = new Map<string, RunEvaluation>();
    for (const [track, systems] of Object.entries(expected.tracks)) {
      const set = await loadEvaluationSet(dataFolder, track);
      for (const system of Object.keys(systems)) {
        const run = new Map<string, { id: string; score: number }[]>();
        for await (const { value } of readJsonl(`${dataFolder}/runs.jsonl`, runLineSchema)) {
          if (value.system === system && value.track === track) {
            run.set(
              value.query_id,
              value.docs.map((id, index) => ({ id, score: 100 - index })),
            );
          }
        }
        evaluations.set(`${track} ${system}`, evaluateRun({ run, set, measures, passageText: () => undefined }));
      }
    }

    it.for([...evaluations.keys()])("%s: every query and every mean within 1e-9", (key, { expect }) => {
      const [track = "", system = ""] = key.split(" ");
      const evaluation = evaluations.get(key);
      const reference = expected.tracks[track]?.[system];
      const scores = [...(evaluation?.perQuery ?? [])].flatMap(([queryId, values]) =>
        measures.map(({ name }, index) =>
          Math.abs((values[name] ?? NaN) - (reference?.per_query[queryId]?.[index] ?? NaN)),
        ),
      );
      expect(scores.length).toBe(Object.keys(reference?.per_query ?? {}).length * measures.length);
      expect(Math.max(...scores)).toBeLessThan(1e-9);
      for (const [index, { mean }] of (evaluation?.means ?? []).entries()) {
        expect(Math.abs(mean - (reference?.mean[index] ?? NaN))).toBeLessThan(1e-9);
      }
    });

    it.for(expected.paired_t_test)("$track $measure: $a against $b has scipy's p", (reference, { expect }) => {
      const { name } = parseMeasure(withThreshold(reference.measure, expected.relevance_threshold_binary));
      const [a, b] = [reference.a, reference.b].map((system) =>
        [...(evaluations.get(`${reference.track} ${system}`)?.perQuery ?? [])]
          .toSorted(([x], [y]) => (x < y ? -1 : 1))
          .map(([, scores]) => scores[name] ?? NaN),
      );
      const test = pairedTTest(a ?? [], b ?? []);
      expect(test.degreesOfFreedom).toBe(reference.df);
      expect(Math.abs(test.pValue / reference.p_two_sided - 1)).toBeLessThan(1e-6);
      expect(test.t).toBeCloseTo(reference.t, 6);
      expect(test.meanDifference).toBeCloseTo(reference.mean_diff_a_minus_b, 9);
    });
  });
}

/** nDCG is graded; the others count a grade from the threshold on as relevant. */
function withThreshold(name: string, rel: number): string {
  return name.startsWith("nDCG") ? name : name.replace(/^[A-Za-z]+/u, (family) => `${family}(rel=${rel})`);
}
