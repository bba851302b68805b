import { product1x2, product2x2, product4x1 } from "./i16-product";
import { RELAXED, usesRelaxed } from "./product-choice";
import { relaxed1x2, relaxed2x2, relaxed3x2 } from "./relaxed-product";

/**
 * sums[row][column] = Σₖ code[row][k] · weight[k][column], in wrapping 32-bit integers. Weights lie in panels of four columns, a
 * panel in groups of four inputs: byte ((column / 4 · inputs / 4 + k / 4) · 4 + column % 4) · 4 + k % 4. `inputs` is a
 * multiple of 4, `outputs` of 8. The outer loop is over eight columns, whose weights stay in the first-level cache
 * (12 kB for 1536 inputs) while all rows pass; each weight is read from memory once, however many the rows.
 */
export function matrixProduct(
  codes: usize,
  weights: usize,
  columnSums: usize,
  sums: usize,
  rows: i32,
  inputs: i32,
  outputs: i32,
): void {
  const panel = <usize>inputs * 4;
  for (let column = 0; column < outputs; column += 8) {
    const out = sums + <usize>column * 4;
    if (RELAXED && usesRelaxed) {
      relaxedColumns(codes, weights, columnSums + <usize>column * 4, out, rows, panel, <usize>outputs * 4);
    } else {
      i16Columns(codes, weights, out, rows, panel, <usize>outputs * 4);
    }
    weights += 2 * panel;
  }
}

function i16Columns(codes: usize, weights: usize, out: usize, rows: i32, panel: usize, outStride: usize): void {
  const rowBytes = panel / 2;
  let left = rows;
  for (; left >= 4; left -= 4) {
    product4x1(codes, rowBytes, weights, panel, out, outStride);
    product4x1(codes, rowBytes, weights + panel, panel, out + 16, outStride);
    codes += 4 * rowBytes;
    out += 4 * outStride;
  }
  if (left >= 2) {
    product2x2(codes, rowBytes, weights, panel, out, outStride);
    codes += 2 * rowBytes;
    out += 2 * outStride;
    left -= 2;
  }
  if (left > 0) {
    product1x2(codes, weights, panel, out);
  }
}

/** Rows in threes, which use the registers best; four left are two pairs rather than three and one. */
function relaxedColumns(
  codes: usize,
  weights: usize,
  columnSums: usize,
  out: usize,
  rows: i32,
  panel: usize,
  outStride: usize,
): void {
  const rowBytes = panel / 2;
  let left = rows;
  while (left > 0) {
    const block = left == 1 ? 1 : left == 2 || left == 4 ? 2 : 3;
    if (block == 3) {
      relaxed3x2(codes, rowBytes, weights, panel, out, outStride, columnSums);
    } else if (block == 2) {
      relaxed2x2(codes, rowBytes, weights, panel, out, outStride, columnSums);
    } else {
      relaxed1x2(codes, weights, panel, out, columnSums);
    }
    codes += <usize>block * rowBytes;
    out += <usize>block * outStride;
    left -= block;
  }
}

/** Sum of the weights of each column, for `matrixProduct`: what a code's zero contributes. */
export function columnSums(weights: usize, inputs: i32, outputs: i32, sums: usize): void {
  for (let column = 0; column < outputs; column += 4) {
    let sum = i32x4.splat(0);
    for (let k = 0; k < inputs; k += 4) {
      const pairs = i16x8.extadd_pairwise_i8x16_s(v128.load(weights));
      sum = i32x4.add(sum, i32x4.extadd_pairwise_i16x8_s(pairs));
      weights += 16;
    }
    v128.store(sums, sum);
    sums += 16;
  }
}
