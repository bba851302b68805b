import path from "node:path";
import { writeFileAtomic } from "../../../training/artifacts/atomic-file.ts";
import { formatPValue, formatTable } from "../../../training/format-table.ts";
import type { PartRecord } from "./part-record.ts";
import { BASE, HUMAN } from "./rows.ts";
import type { SetRecord } from "./run-set.ts";

/** Writes a set's record, replacing the one before. */
export async function writeRecord(folder: string, record: SetRecord): Promise<void> {
  await writeFileAtomic(path.join(folder, `${record.set}.json`), `${JSON.stringify(record, undefined, 2)}\n`);
}

/** A table a part: what the LM makes of each row's passages. */
export function formatRecord({ set, lms, documents: { documents, n, curve }, parts }: SetRecord): string {
  const tried = curve
    .map((one) => `${one.documents}: ${one.logProb.toFixed(3)} ± ${one.standardError.toFixed(3)}`)
    .join(", ");
  const head = `${set}: ${Object.entries(lms)
    .map(([task, lm]) => `${task} by ${lm}`)
    .join(", ")}; passages in a prompt: ${documents} (LogProb on ${n} development questions ${tried})`;
  return [head, ...parts.map(formatPart)].join("\n\n");
}

function formatPart({ part, n, rows, comparisons }: PartRecord): string {
  const measures = Object.keys(n);
  const versus = (row: string, against: string): string[] => {
    const compared = comparisons.find((one) => one.row === row && one.against === against && one.measure === "LogProb");
    if (compared === undefined) {
      return ["", ""];
    }
    const { meanDifference, interval, pHolm } = compared;
    const range = `${signed(meanDifference)} (${signed(interval.low)}..${signed(interval.high)})`;
    return [range, formatPValue(pHolm)];
  };
  const percent = (share: number | undefined): string => (share === undefined ? "" : `${(100 * share).toFixed(1)} %`);
  const header = [
    part,
    ...measures.map((measure) => `${measure} (n=${n[measure] ?? 0})`),
    "against base, 95 %",
    "p",
    "against human, 95 %",
    "p",
    "answer read",
    "changed",
  ];
  const lines = rows.map(({ row, means, found, changed }) => [
    row,
    ...measures.map((measure) => (means[measure] ?? Number.NaN).toFixed(3)),
    ...versus(row, comparisons.some(({ against }) => against === BASE) ? BASE : "none"),
    ...versus(row, HUMAN),
    percent(found),
    percent(changed),
  ]);
  return formatTable(header, lines);
}

function signed(value: number): string {
  return `${value < 0 ? "" : "+"}${value.toFixed(3)}`;
}
