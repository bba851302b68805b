import { existsSync } from "node:fs";
import path from "node:path";
import { z } from "zod";
import { readJsonl } from "../artifacts/jsonl.ts";
import type { ReportTraining } from "../report/report-data.ts";

/** A line of a trainer's `metrics.jsonl`: an optimiser step, or a measurement on the development questions. */
const lineSchema = z.looseObject({
  step: z.number(),
  loss: z.number().optional(),
  score: z.number().optional(),
  measure: z.string().optional(),
});

/** Curves of every row that was trained. */
export async function collectTraining(work: string, rows: ReadonlyMap<string, string>): Promise<ReportTraining[]> {
  const curves: ReportTraining[] = [];
  for (const [row, title] of rows) {
    const file = path.join(work, "trained", row, "metrics.jsonl");
    if (existsSync(file)) {
      curves.push(await readCurves(file, title));
    }
  }
  return curves;
}

async function readCurves(file: string, row: string): Promise<ReportTraining> {
  const losses: { step: number; value: number }[] = [];
  const devScores: { step: number; value: number }[] = [];
  let devMeasure = "";
  for await (const { value } of readJsonl(file, lineSchema)) {
    const { step, loss, score, measure } = value;
    if (score !== undefined) {
      devScores.push({ step, value: score });
      devMeasure = measure ?? devMeasure;
    } else if (loss !== undefined) {
      losses.push({ step, value: loss });
    }
  }
  return { row, losses, devScores, devMeasure };
}
