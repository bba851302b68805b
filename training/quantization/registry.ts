import { readGemm, readMatMul } from "./matrix-product.ts";
import type { MatrixProductReader } from "./matrix-product.ts";

/** Operators that are matrix products, and how each is read. `Gather` on the embedding table is `quantize-embedding-table.ts`. */
export const MATRIX_PRODUCT_READERS: Readonly<Record<string, MatrixProductReader>> = {
  MatMul: readMatMul,
  Gemm: readGemm,
};
