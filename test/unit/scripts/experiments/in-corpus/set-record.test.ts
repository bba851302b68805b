import { describe, it } from "vitest";
import type { MeasuredLegs, PartMeter } from "../../../../../scripts/experiments/in-corpus/measure.ts";
import { rowRecords } from "../../../../../scripts/experiments/in-corpus/set-record.ts";
import type { Measured } from "../../../../../scripts/experiments/in-corpus/set-record.ts";
import { evaluateRun } from "../../../../../training/eval/evaluate-run.ts";
import { parseMeasure } from "../../../../../training/eval/measures.ts";

const QUERIES = Array.from({ length: 12 }, (_, index) => ({ id: `q${index}`, text: "", answers: [] }));
const SET = { queries: QUERIES, qrels: new Map(QUERIES.map(({ id }) => [id, new Map([["right", 1]])])) };
/** Both legs find the right passage at a rank, the same for all questions. */
function legsAt(dense: number, fitted?: number): MeasuredLegs {
  const at = (rank: number) =>
    evaluateRun({
      run: new Map(
        QUERIES.map(({ id }) => [
          id,
          Array.from({ length: 10 }, (_, index) => ({ id: index + 1 === rank ? "right" : `p${index}`, score: -index })),
        ]),
      ),
      set: SET,
      measures: [parseMeasure("nDCG@10")],
      passageText: () => undefined,
    });
  return { dense: at(dense), hybrid: at(1), ...(fitted === undefined ? {} : { fitted: at(fitted) }) };
}

function measured(condition: Measured["cell"]["condition"], legs: MeasuredLegs): Measured {
  const cell = { condition, recipe: "linear" } as const;
  return { cell, row: { ...cell, examples: 3, right: 1 }, legs: [legs] };
}

const meters = [{ part: "test-seen", questions: QUERIES.length } as PartMeter]; // nothing else of it is read

describe("rowRecords", () => {
  it("sets every row beside the base and beside human positives of the same mode", ({ expect }) => {
    const [base, human, free] = rowRecords({
      meters,
      base: [legsAt(3)], // 1 / log2(4) = 0.5
      measured: [measured("human", legsAt(1)), measured("lm-free", legsAt(2))], // 1 and 1 / log2(3) = 0.631
    });
    expect(base?.parts[0]?.means.dense).toEqual({ "nDCG@10": 0.5 });
    expect(base?.parts[0]?.gain).toBeUndefined();
    expect(human?.parts[0]?.gain?.meanDifference).toBeCloseTo(0.5, 10);
    expect(human?.parts[0]?.recovered).toBeUndefined();
    expect(free?.parts[0]?.gain?.meanDifference).toBeCloseTo(1 / Math.log2(3) - 0.5, 10);
    expect(free?.parts[0]?.recovered?.share).toBeCloseTo((1 / Math.log2(3) - 0.5) / 0.5, 10);
    expect(free?.parts[0]?.againstHuman?.meanDifference).toBeCloseTo(1 / Math.log2(3) - 1, 10);
    // All 12 questions on one side: 2 of 4,096 sign patterns, twice that for the first of two rows.
    expect(free?.parts[0]?.gain).toMatchObject({ pValue: 2 / 4096, pHolm: 4 / 4096 });
  });

  it("tells what a fitted fusion gains where one was fitted, and nothing where none was", ({ expect }) => {
    const [, row] = rowRecords({ meters, base: [legsAt(3, 3)], measured: [measured("human", legsAt(1, 2))] });
    expect(row?.parts[0]?.means.fitted?.["nDCG@10"]).toBeCloseTo(1 / Math.log2(3), 10);
    expect(row?.parts[0]?.fittedGain?.meanDifference).toBeCloseTo(1 / Math.log2(3) - 0.5, 10);
    const [, without] = rowRecords({ meters, base: [legsAt(3)], measured: [measured("human", legsAt(1))] });
    expect(without?.parts[0]).not.toHaveProperty("fittedGain");
    expect(without?.parts[0]?.means).not.toHaveProperty("fitted");
  });
});
