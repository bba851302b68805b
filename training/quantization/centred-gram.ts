import type { InputStatistics } from "./input-statistics.ts";

/** Σ (x − mean)(x − mean)ᵀ over what was seen, weighted: (width, width). */
export function centredGram({ gram, mean, weight, width }: InputStatistics): Float64Array {
  return gram.map((sum, index) => {
    const column = index % width;
    return sum - weight * (mean[(index - column) / width] ?? 0) * (mean[column] ?? 0);
  });
}
