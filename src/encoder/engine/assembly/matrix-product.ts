import { ROWS_SIDE_BY_SIDE } from "./codes";
import { fewRows, fourRows, widenFourRows, widenPanel } from "./i16-product";
import { RELAXED, usesRelaxed } from "./product-choice";
import { relaxed1x2, relaxed2x2, relaxed3x2 } from "./relaxed-product";

/**
 * sums[row][column] = Σₖ code[row][k] · weight[k][column], in wrapping 32-bit integers. Weights lie in panels of four columns, a
 * panel in groups of four inputs: byte ((column / 4 · inputs / 4 + k / 4) · 4 + column % 4) · 4 + k % 4. `inputs` and `outputs`
 * are multiples of 8. The outer loop is over columns, whose weights stay in the first-level cache while all rows
 * pass; each weight is read from memory once, however many the rows. `wide`: room for 8 · `inputs` bytes.
 */
export function matrixProduct(
  codes: usize,
  weights: usize,
  columnSums: usize,
  sums: usize,
  rows: i32,
  inputs: i32,
  outputs: i32,
  wide: usize,
): void {
  const panel = <usize>inputs * 4;
  const outStride = <usize>outputs * 4;
  if (RELAXED && usesRelaxed) {
    for (let column = 0; column < outputs; column += 8) {
      const at = <usize>column * 4;
      relaxedColumns(codes, weights + (at * <usize>inputs) / 4, columnSums + at, sums + at, rows, panel, outStride);
    }
  } else {
    for (let column = 0; column < outputs; column += 4) {
      i16Columns(codes, weights, wide, sums, rows, panel, outStride);
      weights += panel;
      sums += 16;
    }
  }
}

function i16Columns(
  codes: usize,
  weights: usize,
  wide: usize,
  out: usize,
  rows: i32,
  panel: usize,
  outStride: usize,
): void {
  const blockBytes = panel * 2;
  let left = rows;
  if (left >= ROWS_SIDE_BY_SIDE) {
    widenFourRows(codes, weights, panel, wide, out, outStride);
    left -= ROWS_SIDE_BY_SIDE;
    codes += blockBytes;
    out += 4 * outStride;
  } else {
    widenPanel(weights, panel, wide);
  }
  for (; left >= ROWS_SIDE_BY_SIDE; left -= ROWS_SIDE_BY_SIDE) {
    fourRows(codes, wide, blockBytes, out, outStride);
    codes += blockBytes;
    out += 4 * outStride;
  }
  if (left > 0) {
    fewRows(left, codes, wide, blockBytes, out, outStride);
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
