import type { Feed } from "../autodiff/training-session.ts";

/** Vectors by row. */
export interface VectorRows {
  /** Row-major, (rows, dims). */
  readonly matrix: Float32Array;
  readonly dims: number;
}

/** A copy of some rows, in their order. */
export function takeRows({ matrix, dims }: VectorRows, rows: readonly number[]): VectorRows {
  const taken = new Float32Array(rows.length * dims);
  for (const [position, row] of rows.entries()) {
    taken.set(matrix.subarray(row * dims, (row + 1) * dims), position * dims);
  }
  return { matrix: taken, dims };
}

/** Some rows, as a matrix that a graph is fed. */
export function rowsFeed(vectors: VectorRows, rows: readonly number[]): Feed {
  return { dataType: "float", dims: [rows.length, vectors.dims], data: takeRows(vectors, rows).matrix };
}

/** Vectors of equal length as one matrix. */
export function packRows(vectors: readonly Float32Array[], dims: number): VectorRows {
  const matrix = new Float32Array(vectors.length * dims);
  for (const [row, vector] of vectors.entries()) {
    matrix.set(vector, row * dims);
  }
  return { matrix, dims };
}
