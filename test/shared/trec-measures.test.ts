import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { it } from "vitest";
import { z } from "zod";
import { loadEvaluationSet } from "../../training/artifacts/beir.ts";
import { readJsonl } from "../../training/artifacts/jsonl.ts";
import { evaluateRun } from "../../training/eval/evaluate-run.ts";
import type { QueryScores, RunEvaluation } from "../../training/eval/evaluate-run.ts";
import { parseMeasure } from "../../training/eval/measures.ts";
import { pairedTTest } from "../../training/eval/paired-t-test.ts";
import { sharedFolder } from "../support/shared-folder.ts";

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

interface ReferenceCase {
  readonly system: string;
  readonly evaluation: RunEvaluation;
  readonly mean: readonly number[];
  readonly perQuery: Readonly<Record<string, readonly number[]>>;
}

interface Reference {
  readonly measureNames: readonly string[];
  readonly cases: readonly ReferenceCase[];
  readonly tests: z.output<typeof expectedSchema>["paired_t_test"];
}

/** Measures of ir_measures and tests of scipy on TREC DL 2019 and 2020; empty where the reference data is not there. */
async function loadReference(): Promise<Reference> {
  if (fixture === undefined) {
    return { measureNames: [], cases: [], tests: [] };
  }
  const file = readFileSync(`${fixture}/fixtures/measures/expected.json.gz`);
  const expected = expectedSchema.parse(JSON.parse(gunzipSync(file).toString()));
  const rel = expected.relevance_threshold_binary;
  const measures = expected.measures.map((name) => parseMeasure(withThreshold(name, rel)));
  const data = `${fixture}/data/msmarco_dl19_dl20`;
  const lines = await Array.fromAsync(readJsonl(`${data}/runs.jsonl`, runLineSchema), ({ value }) => value);
  const cases: ReferenceCase[] = [];
  for (const [track, systems] of Object.entries(expected.tracks)) {
    const set = await loadEvaluationSet(data, track);
    for (const [system, { mean, per_query: perQuery }] of Object.entries(systems)) {
      const own = lines.filter((line) => line.system === system && line.track === track);
      const run = new Map(own.map((line) => [line.query_id, line.docs.map((id, index) => ({ id, score: -index }))]));
      const evaluation = evaluateRun({ run, set, measures, passageText: () => undefined });
      cases.push({ system: `${track} ${system}`, evaluation, mean, perQuery });
    }
  }
  const tests = expected.paired_t_test.map((test) => ({
    ...test,
    measure: parseMeasure(withThreshold(test.measure, rel)).name,
  }));
  return { measureNames: measures.map(({ name }) => name), cases, tests };
}

/** nDCG is graded; the others count a grade from the threshold on as relevant. */
function withThreshold(name: string, rel: number): string {
  return name.startsWith("nDCG") ? name : name.replace(/^[A-Za-z]+/u, (family) => `${family}(rel=${rel})`);
}

const reference = await loadReference();

it.for(reference.cases)(
  "$system: every query and every mean within 1e-9 of ir_measures",
  ({ evaluation, mean, perQuery }, { expect }) => {
    const differences = Object.entries(perQuery).flatMap(([queryId, values]) =>
      values.map((value, index) => {
        const name = reference.measureNames[index] ?? "";
        return Math.abs((evaluation.perQuery.get(queryId)?.[name] ?? NaN) - value);
      }),
    );
    expect(differences.length).toBeGreaterThan(200);
    expect(Math.max(...differences)).toBeLessThan(1e-9);
    expect(evaluation.means.map((found, index) => Math.abs(found.mean - (mean[index] ?? NaN)) < 1e-9)).not.toContain(
      false,
    );
  },
);

it.for(reference.tests)(
  "$track $measure: $a against $b has scipy's p",
  ({ track, a, b, measure, ...expected }, { expect }) => {
    const [first = new Map<string, QueryScores>(), second = first] = [a, b].map(
      (system) => reference.cases.find((found) => found.system === `${track} ${system}`)?.evaluation.perQuery,
    );
    const scores = [first, second].map((found) => [...first.keys()].map((id) => found.get(id)?.[measure] ?? NaN));
    const { t, degreesOfFreedom, meanDifference, pValue } = pairedTTest(scores[0] ?? [], scores[1] ?? []);
    expect(meanDifference).toBeCloseTo(expected.mean_diff_a_minus_b, 9);
    expect(Math.abs(pValue / expected.p_two_sided - 1)).toBeLessThan(1e-6);
    expect(degreesOfFreedom).toBe(expected.df);
    expect(t).toBeCloseTo(expected.t, 6);
  },
);
