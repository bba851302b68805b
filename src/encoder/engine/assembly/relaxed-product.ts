/**
 * Blocks of the product with the relaxed dot product of i8 by i7: a code is 128 · high + low with both in 0..127, for
 * which every machine gives the same sums. Each group of four inputs of a row is four high and four low bytes; they
 * meet sixteen weights, four columns by four inputs. Only in the build with relaxed SIMD.
 */
import { ZERO_CODE } from "./codes";
import { RELAXED } from "./product-choice";

function add(sum: v128, weights: v128, codes: v128): v128 {
  return RELAXED ? i32x4.relaxed_dot_i8x16_i7x16_add_s(weights, codes, sum) : sum;
}

/** Codes are unsigned here: ZERO_CODE times the sum of a column is too much. */
function store(out: usize, high: v128, low: v128, columnSums: usize): void {
  const excess = i32x4.mul(v128.load(columnSums), i32x4.splat(ZERO_CODE));
  v128.store(out, i32x4.sub(i32x4.add(i32x4.shl(high, 7), low), excess));
}

/** Three rows by eight columns: twelve accumulators, two weights and one code are the fifteen registers that V8 has. */
export function relaxed3x2(
  codes: usize,
  rowBytes: usize,
  weights: usize,
  panel: usize,
  out: usize,
  outStride: usize,
  columnSums: usize,
): void {
  let high00 = i32x4.splat(0);
  let high01 = high00;
  let low00 = high00;
  let low01 = high00;
  let high10 = high00;
  let high11 = high00;
  let low10 = high00;
  let low11 = high00;
  let high20 = high00;
  let high21 = high00;
  let low20 = high00;
  let low21 = high00;
  let codes1 = codes + rowBytes;
  let codes2 = codes1 + rowBytes;
  for (const end = weights + panel; weights < end; weights += 16) {
    const w0 = v128.load(weights);
    const w1 = v128.load(weights + panel);
    let x = v128.load_splat<i32>(codes);
    high00 = add(high00, w0, x);
    high01 = add(high01, w1, x);
    x = v128.load_splat<i32>(codes, 4);
    low00 = add(low00, w0, x);
    low01 = add(low01, w1, x);
    codes += 8;
    x = v128.load_splat<i32>(codes1);
    high10 = add(high10, w0, x);
    high11 = add(high11, w1, x);
    x = v128.load_splat<i32>(codes1, 4);
    low10 = add(low10, w0, x);
    low11 = add(low11, w1, x);
    codes1 += 8;
    x = v128.load_splat<i32>(codes2);
    high20 = add(high20, w0, x);
    high21 = add(high21, w1, x);
    x = v128.load_splat<i32>(codes2, 4);
    low20 = add(low20, w0, x);
    low21 = add(low21, w1, x);
    codes2 += 8;
  }
  store(out, high00, low00, columnSums);
  store(out + 16, high01, low01, columnSums + 16);
  store(out + outStride, high10, low10, columnSums);
  store(out + outStride + 16, high11, low11, columnSums + 16);
  store(out + 2 * outStride, high20, low20, columnSums);
  store(out + 2 * outStride + 16, high21, low21, columnSums + 16);
}

/** Two rows by eight columns. */
export function relaxed2x2(
  codes: usize,
  rowBytes: usize,
  weights: usize,
  panel: usize,
  out: usize,
  outStride: usize,
  columnSums: usize,
): void {
  let high00 = i32x4.splat(0);
  let high01 = high00;
  let low00 = high00;
  let low01 = high00;
  let high10 = high00;
  let high11 = high00;
  let low10 = high00;
  let low11 = high00;
  let codes1 = codes + rowBytes;
  for (const end = weights + panel; weights < end; weights += 16) {
    const w0 = v128.load(weights);
    const w1 = v128.load(weights + panel);
    let x = v128.load_splat<i32>(codes);
    high00 = add(high00, w0, x);
    high01 = add(high01, w1, x);
    x = v128.load_splat<i32>(codes, 4);
    low00 = add(low00, w0, x);
    low01 = add(low01, w1, x);
    codes += 8;
    x = v128.load_splat<i32>(codes1);
    high10 = add(high10, w0, x);
    high11 = add(high11, w1, x);
    x = v128.load_splat<i32>(codes1, 4);
    low10 = add(low10, w0, x);
    low11 = add(low11, w1, x);
    codes1 += 8;
  }
  store(out, high00, low00, columnSums);
  store(out + 16, high01, low01, columnSums + 16);
  store(out + outStride, high10, low10, columnSums);
  store(out + outStride + 16, high11, low11, columnSums + 16);
}

/** One row by eight columns. */
export function relaxed1x2(codes: usize, weights: usize, panel: usize, out: usize, columnSums: usize): void {
  let high0 = i32x4.splat(0);
  let high1 = high0;
  let low0 = high0;
  let low1 = high0;
  for (const end = weights + panel; weights < end; weights += 16) {
    const w0 = v128.load(weights);
    const w1 = v128.load(weights + panel);
    let x = v128.load_splat<i32>(codes);
    high0 = add(high0, w0, x);
    high1 = add(high1, w1, x);
    x = v128.load_splat<i32>(codes, 4);
    low0 = add(low0, w0, x);
    low1 = add(low1, w1, x);
    codes += 8;
  }
  store(out, high0, low0, columnSums);
  store(out + 16, high1, low1, columnSums + 16);
}
