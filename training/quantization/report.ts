import { formatTable } from "../format-table.ts";
import type { Parity } from "./parity.ts";
import type { RetrievalParity } from "./retrieval-parity.ts";
import type { SpeedRatio } from "./speed-ratio.ts";

/** What an int8 encoder was measured to be, beside the fp32 one it came from. */
export interface EncoderComparison {
  readonly bytes: number;
  readonly sha256: string;
  /** Cosine to fp32. */
  readonly passages: Parity;
  readonly queries: Parity;
  readonly retrieval: readonly RetrievalParity[];
  /** The reference is fp32; one thread. */
  readonly speed: readonly SpeedRatio[];
}

/** `quantization-report.json`. */
export interface QuantizationReport {
  readonly schemaVersion: 1;
  readonly source: { readonly bytes: number; readonly sha256: string };
  readonly quantized: EncoderComparison;
  /** Another quantisation of the same model, measured in the same run. */
  readonly comparedWith?: EncoderComparison;
  readonly gate: QuantizationGate;
}

export interface QuantizationGate {
  /** Largest loss of nDCG@10 that is let through, as a share. */
  readonly maxRelativeLoss: number;
  readonly passed: boolean;
  /** A sentence for each reason not to; empty when it passed. */
  readonly failures: readonly string[];
}

/** The gate: retrieval may not lose more than `maxRelativeLoss` on any test set. */
export function judge(retrieval: readonly RetrievalParity[], maxRelativeLoss: number): QuantizationGate {
  const failures = retrieval
    .filter(({ relativeLoss }) => !(relativeLoss <= maxRelativeLoss))
    .map(
      ({ set, split, before, after, relativeLoss }) =>
        `nDCG@10 on ${set} ${split} fell from ${before.toFixed(4)} to ${after.toFixed(4)}, ` +
        `${percent(relativeLoss)}; at most ${percent(maxRelativeLoss)} is let through`,
    );
  return { maxRelativeLoss, passed: failures.length === 0, failures };
}

/** The report for a person. */
export function formatReport({ source, quantized, comparedWith, gate }: QuantizationReport): string {
  const encoders = [["int8", quantized] as const, ...(comparedWith ? [["compared", comparedWith] as const] : [])];
  const sections = [
    `size       ${megabytes(source.bytes)} -> ${megabytes(quantized.bytes)}`,
    formatTable(
      ["cosine to fp32", "texts", "mean", "worst"],
      encoders.flatMap(([name, { passages, queries }]) => [
        parityRow(`${name}, passages`, passages),
        parityRow(`${name}, queries`, queries),
      ]),
    ),
    formatTable(
      ["nDCG@10", "queries", "fp32", "after", "loss"],
      encoders.flatMap(([name, { retrieval }]) => retrieval.map((row) => retrievalRow(name, row))),
    ),
    formatTable(
      ["speed, one thread", "fp32 ms", "ms", "times faster"],
      encoders.flatMap(([name, { speed }]) => speed.map((row) => speedRow(name, row))),
    ),
    gate.passed ? "gate: passed" : `gate: FAILED\n${gate.failures.map((failure) => `  ${failure}`).join("\n")}`,
  ];
  return sections.join("\n\n");
}

function parityRow(name: string, { texts, meanCosine, worstCosine }: Parity): string[] {
  return [name, String(texts), meanCosine.toFixed(5), worstCosine.toFixed(5)];
}

function retrievalRow(name: string, { set, split, queries, before, after, relativeLoss }: RetrievalParity): string[] {
  return [`${name}, ${set} ${split}`, String(queries), before.toFixed(4), after.toFixed(4), percent(relativeLoss)];
}

function speedRow(name: string, { tokens, referenceMs, candidateMs, ratio }: SpeedRatio): string[] {
  return [`${name}, ${tokens} tokens`, referenceMs.toFixed(2), candidateMs.toFixed(2), ratio.toFixed(2)];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}

function megabytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(2)} MiB`;
}
