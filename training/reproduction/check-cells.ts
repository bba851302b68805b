import type { ExpectedCell } from "./expected-values.ts";

/** `no data`: the folder of the set is not there, so nothing is known of it. */
type Verdict = "OK" | "FAIL" | "no data";

/** One line of the table: a cell, or a file. */
export interface CheckedLine {
  readonly model: string;
  readonly what: string;
  readonly expected: string;
  readonly got: string;
  readonly verdict: Verdict;
}

/** Compares a measured mean with what it was. `measured` is undefined without data. */
export function checkCell(
  model: string,
  { set, mode, measure, value }: ExpectedCell,
  { measured, tolerance }: { readonly measured: number | undefined; readonly tolerance: number },
): CheckedLine {
  const line = { model, what: `${set} ${mode} ${measure}`, expected: value.toFixed(4) };
  if (measured === undefined) {
    return { ...line, got: "", verdict: "no data" };
  }
  const isOk = Math.abs(measured - value) <= tolerance;
  return { ...line, got: measured.toFixed(4), verdict: isOk ? "OK" : "FAIL" };
}

/** Characters of a hash that the table shows. */
const SHOWN = 12;

/** Compares the sha256 of a shipped file; `got` is undefined when the file is not there. */
export function checkFile(
  model: string,
  file: string,
  { expected, got }: { readonly expected: string; readonly got: string | undefined },
): CheckedLine {
  return {
    model,
    what: file,
    expected: expected.slice(0, SHOWN),
    got: got?.slice(0, SHOWN) ?? "missing",
    verdict: got === expected ? "OK" : "FAIL",
  };
}
