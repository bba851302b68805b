import { AppError } from "../../src/shared/errors.ts";
import type { RowGradient } from "../optim/gradient.ts";

/** Gradients of rows in the order in which they were read, as often as they were. */
export interface RowPart {
  readonly rows: BigInt64Array;
  /** (rows.length, elements of a row). */
  readonly values: Float32Array;
}

export interface SumRowsOptions {
  /** Rows of the whole table. */
  readonly rowCount: number;
  /** Elements of a row. */
  readonly rowSize: number;
}

/** One gradient per row that was read, summed over its readings; rows in the order of their first. */
export function sumRows(parts: readonly RowPart[], { rowCount, rowSize }: SumRowsOptions): RowGradient {
  const positions = new Map<number, number>();
  for (const { rows } of parts) {
    for (const row of rows) {
      const index = Number(row) < 0 ? Number(row) + rowCount : Number(row);
      if (!positions.has(index)) {
        positions.set(index, positions.size);
      }
    }
  }
  const sums = new Float32Array(positions.size * rowSize);
  for (const { rows, values } of parts) {
    if (values.length !== rows.length * rowSize) {
      throw new AppError("internal", `gradients of ${rows.length} rows have ${values.length} elements`);
    }
    for (const [reading, row] of rows.entries()) {
      const index = Number(row) < 0 ? Number(row) + rowCount : Number(row);
      const target = (positions.get(index) ?? 0) * rowSize;
      const source = reading * rowSize;
      for (let d = 0; d < rowSize; d += 1) {
        sums[target + d] = (sums[target + d] ?? 0) + (values[source + d] ?? 0);
      }
    }
  }
  return { rows: Int32Array.from(positions.keys()), values: sums };
}
