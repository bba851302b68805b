import path from "node:path";
import { writeFileAtomic } from "../../../training/artifacts/atomic-file.ts";
import { formatPValue, formatTable } from "../../../training/format-table.ts";
import type { RecoveredShare } from "./recovered-share.ts";
import type { PartRecord, SetRecord } from "./set-record.ts";

/** Writes a set's record, replacing the one before. */
export async function writeRecord(folder: string, record: SetRecord): Promise<void> {
  await writeFileAtomic(
    path.join(folder, `${record.set}-${record.cohort}.json`),
    `${JSON.stringify(record, undefined, 1)}\n`,
  );
}

/** One table a set: rows are conditions, columns the parts. */
export function formatRecord({ set, cohort, questions, rows }: SetRecord): string {
  const parts = rows[0]?.parts.map(({ part, n }) => ({ part, n })) ?? [];
  const header = ["condition", "mode", "examples", "right"];
  const columns = parts.flatMap(({ part, n }) => [
    `${part} (n=${n})`,
    "gain, 95 %",
    "p",
    "of human",
    "hybrid",
    "fitted",
    "match@1",
  ]);
  const lines = rows.map(({ condition, recipe, examples, right, parts: measured }) => [
    condition,
    recipe,
    String(examples),
    right === null ? "" : right.toFixed(2),
    ...measured.flatMap(cells),
  ]);
  return `${set}, ${cohort}: ${questions} training questions; nDCG@10\n${formatTable([...header, ...columns], lines)}`;
}

function cells({ means, gain, recovered }: PartRecord): string[] {
  const { dense, hybrid, fitted } = means;
  return [
    (dense["nDCG@10"] ?? 0).toFixed(3),
    gain === undefined
      ? ""
      : `${signed(gain.meanDifference)} (${signed(gain.interval.low)}..${signed(gain.interval.high)})`,
    gain === undefined ? "" : formatPValue(gain.pHolm),
    recovered === undefined || !isTelling(recovered) ? "" : `${(100 * recovered.share).toFixed(0)} %`,
    (hybrid["nDCG@10"] ?? 0).toFixed(3),
    fitted?.["nDCG@10"]?.toFixed(3) ?? "",
    (dense["AnswerMatch@1"] ?? 0).toFixed(3),
  ];
}

/** Whether a share of the human gain says anything: of a gain that is hardly one, it may be anything. */
export function isTelling({ low, high }: RecoveredShare): boolean {
  return high - low < 3;
}

function signed(value: number): string {
  return `${value < 0 ? "" : "+"}${value.toFixed(3)}`;
}
