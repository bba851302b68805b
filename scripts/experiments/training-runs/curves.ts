import { readFile } from "node:fs/promises";
import path from "node:path";
import type { CurvePoint } from "../../../training/plots/training-curves.ts";

export interface RunCurves {
  readonly loss: readonly CurvePoint[];
  readonly dev: readonly CurvePoint[];
  /** Of all steps, without measurements and checkpoints. */
  readonly seconds: number;
}

/** Points of a loss curve; each is the mean of the steps around it. */
const LOSS_POINTS = 50;

interface MetricsLine {
  readonly step: number;
  readonly loss?: number;
  readonly seconds?: number;
  readonly score?: number;
}

/** Loss and dev measure of a run over its steps, from `metrics.jsonl`. */
export async function readCurves(series: string, output: string): Promise<RunCurves> {
  const text = await readFile(path.join(output, "metrics.jsonl"), "utf8");
  const lines = text.split("\n").filter((line) => line !== "");
  const metrics = lines.map((line) => JSON.parse(line) as MetricsLine); // our own file
  const losses = metrics.flatMap(({ step, loss }) => (loss === undefined ? [] : [{ series, step, value: loss }]));
  const window = Math.max(1, Math.ceil(losses.length / LOSS_POINTS));
  const loss = Array.from({ length: Math.ceil(losses.length / window) }, (_, index) => {
    const part = losses.slice(index * window, (index + 1) * window);
    const mean = part.reduce((sum, { value }) => sum + value, 0) / part.length;
    return { series, step: part.at(-1)?.step ?? 0, value: mean };
  });
  const dev = metrics.flatMap(({ step, score }) => (score === undefined ? [] : [{ series, step, value: score }]));
  const seconds = metrics.reduce((sum, { seconds: ofStep = 0 }) => sum + ofStep, 0);
  return { loss, dev, seconds };
}
