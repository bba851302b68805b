import { quantizeQuery, quantizeRow } from "../../src/vector-index/quantize.ts";
import type { Candidate } from "../../src/vector-index/scan-memory.ts";
import type { VectorMetric } from "../../src/vector-index/similarity.ts";

interface PlainScan {
  readonly vectors: readonly Float32Array[];
  readonly metric: VectorMetric;
  readonly query: Float32Array;
  readonly topK: number;
  readonly slots: Uint32Array;
}

interface Bounds {
  readonly slot: number;
  readonly lower: number;
  readonly upper: number;
}

/** Both bounds of every similarity, in float64, by the 16-bit query: the formulas of `VectorImage` written out. */
export function plainBounds({ vectors, metric, query, slots }: Omit<PlainScan, "topK">): Bounds[] {
  const rows = vectors.map((values) => quantizeRow(values));
  const longest = Math.max(0, ...rows.map(({ norm }) => norm));
  const { codes, scale, norm, residual } = quantizeQuery(query);
  const unit = metric !== "cosine" ? 1 : norm === 0 ? 0 : 1 / norm;
  const magnitude = metric === "cosine" ? 1 : metric === "euclidean" ? (longest + norm) ** 2 : longest * norm;
  return Array.from(slots, (slot) => {
    const row = rows[slot] ?? quantizeRow(query);
    const amplification = metric === "euclidean" ? 2 : metric === "dot-product" ? 1 : row.norm === 0 ? 0 : 1 / row.norm;
    const dot = row.codes.reduce((sum, code, d) => sum + code * (codes[d] ?? 0), 0);
    const offset = metric === "euclidean" ? -(row.norm ** 2) : 0;
    const constant = metric === "euclidean" ? -(norm ** 2) : 0;
    const estimate = row.scale * amplification * (scale * unit) * dot + offset + constant;
    const bound =
      row.residual * amplification * (norm * unit) +
      (row.norm + row.residual) * amplification * (residual * unit) +
      1e-10 * magnitude;
    return { slot, lower: estimate - bound, upper: estimate + bound };
  });
}

/** What the kernel's scan leaves over, by its definition: rows whose upper bound reaches the topK-th best lower bound. */
export function plainScan(scan: PlainScan): Candidate[] {
  const bounds = plainBounds(scan);
  const floor = bounds.map(({ lower }) => lower).toSorted((a, b) => b - a)[scan.topK - 1] ?? -Infinity;
  return bounds
    .filter(({ upper }) => upper >= floor)
    .map(({ slot, upper }) => ({ slot, upper }))
    .toSorted((a, b) => b.upper - a.upper);
}
