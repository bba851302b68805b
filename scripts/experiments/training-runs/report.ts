import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { writeFileAtomic } from "../../../training/artifacts/atomic-file.ts";
import type { PairComparison } from "../../../training/eval/compare-pairs.ts";
import { formatPValue, formatTable } from "../../../training/format-table.ts";
import { renderSvg } from "../../../training/plots/render-svg.ts";
import { trainingCurves } from "../../../training/plots/training-curves.ts";
import { readCurves } from "./curves.ts";
import type { RunCurves } from "./curves.ts";
import type { Experiment } from "./experiments.ts";
import type { ExperimentResult } from "./run-experiment.ts";

/** What is kept of a run, in `<name>.json`. */
interface RunRecord extends Omit<ExperimentResult, "run" | "output"> {
  readonly name: string;
  readonly set: string;
  readonly options: Experiment["options"];
  readonly steps: number;
  readonly best: ExperimentResult["run"]["state"]["best"];
  readonly curves: RunCurves;
}

export interface ToRecordOptions {
  readonly name: string;
  readonly experiment: Experiment;
  readonly result: ExperimentResult;
}

/** The facts of a finished run, with its curves. */
export async function toRecord({ name, experiment, result }: ToRecordOptions): Promise<RunRecord> {
  const { run, output, ...measured } = result;
  const { set, options } = experiment;
  const { step, best } = run.state;
  const curves = await readCurves(name, output);
  const torchDev = measured.pytorch?.curve.map((point) => ({
    series: `${name}, PyTorch`,
    step: point.step,
    value: point.score,
  }));
  return {
    name,
    set,
    options,
    ...measured,
    steps: step,
    best,
    curves: { ...curves, dev: [...curves.dev, ...(torchDev ?? [])] },
  };
}

/** Replaces the record of that run in a folder. */
export async function writeRecord(folder: string, record: RunRecord): Promise<void> {
  await writeFileAtomic(path.join(folder, `${record.name}.json`), `${JSON.stringify(record, undefined, 1)}\n`);
}

/** Prints a table of all records of a folder and draws their curves beside them. */
export async function report(folder: string): Promise<void> {
  const records = await readRecords(folder);
  const rows = records.map(({ name, set, base, trained, comparison, pytorch, againstPytorch, curves }) => [
    name,
    set,
    String(comparison.n),
    base.toFixed(3),
    trained.toFixed(3),
    `${comparison.interval.low.toFixed(3)}..${comparison.interval.high.toFixed(3)}`,
    formatPValue(comparison.pValue),
    curves.seconds.toFixed(0),
    pytorch === undefined ? "not run" : pytorch.trained.toFixed(3),
    againstPytorch === undefined ? "" : difference(againstPytorch),
  ]);
  const header = [
    "run",
    "set",
    "n",
    "base",
    "trained",
    "gain, 95 %",
    "p",
    "s of steps",
    "PyTorch",
    "ours - it, 95 %",
    "s of steps",
  ];
  process.stdout.write(`nDCG@10 on test questions\n${formatTable(header, rows)}\n`);
  for (const [file, title] of [
    ["loss", "loss"],
    ["dev", "dev nDCG@10"],
  ] as const) {
    const points = records.flatMap(({ curves }) => curves[file]);
    await writeFileAtomic(path.join(folder, `${file}.svg`), await renderSvg(trainingCurves({ points, title })));
  }
}

function difference({ meanDifference, interval }: PairComparison): string {
  return `${meanDifference.toFixed(3)} (${interval.low.toFixed(3)}..${interval.high.toFixed(3)})`;
}

async function readRecords(folder: string): Promise<RunRecord[]> {
  const files = existsSync(folder) ? (await readdir(folder)).filter((name) => name.endsWith(".json")).toSorted() : [];
  const texts = await Promise.all(files.map((file) => readFile(path.join(folder, file), "utf8")));
  return texts.map((text) => JSON.parse(text) as RunRecord); // our own files
}
