import { codeRow } from "./codes";
import { gelu } from "./functions";
import { maxLanes, sumLanes } from "./lanes";

/**
 * What happens to a product's integer sums, row by row, while they are in the cache: steps, bias, then what the layer does with
 * the row, and the codes for the next product. A value is float(sum) · rowStep · columnStep + bias, in this order.
 */

function value(sums: usize, rowStep: v128, columnSteps: usize, bias: usize): v128 {
  const scaled = f32x4.mul(f32x4.mul(f32x4.convert_i32x4_s(v128.load(sums)), rowStep), v128.load(columnSteps));
  return f32x4.add(scaled, v128.load(bias));
}

/** Sums to floats, in place. */
export function dequantizeRows(
  sums: usize,
  rows: i32,
  width: i32,
  rowSteps: usize,
  columnSteps: usize,
  bias: usize,
): void {
  const bytes = <usize>width * 4;
  for (let row = 0; row < rows; row += 1) {
    const rowStep = v128.load_splat<f32>(rowSteps);
    for (let at: usize = 0; at < bytes; at += 16) {
      v128.store(sums + at, value(sums + at, rowStep, columnSteps + at, bias + at));
    }
    sums += bytes;
    rowSteps += 4;
  }
}

/** Sums to GELU of floats · smoothing, in place, and their codes; `rowSteps` are read as the sums' and written as the codes'. */
export function geluRows(
  sums: usize,
  rows: i32,
  width: i32,
  rowSteps: usize,
  columnSteps: usize,
  bias: usize,
  smoothing: usize,
  codes: usize,
): void {
  const bytes = <usize>width * 4;
  for (let row = 0; row < rows; row += 1) {
    const rowStep = v128.load_splat<f32>(rowSteps);
    let largest = f32x4.splat(0);
    for (let at: usize = 0; at < bytes; at += 16) {
      const y = f32x4.mul(gelu(value(sums + at, rowStep, columnSteps + at, bias + at)), v128.load(smoothing + at));
      largest = f32x4.pmax(largest, f32x4.abs(y));
      v128.store(sums + at, y);
    }
    codeRow(sums, width, maxLanes(largest), codes, row, rowSteps);
    sums += bytes;
    rowSteps += 4;
  }
}

/** out = (x - mean) / √(variance + epsilon) · gamma + beta of one row, x becomes out · smoothing, whose codes are those of row number `row`. */
function normRow(
  x: usize,
  width: i32,
  gamma: usize,
  beta: usize,
  epsilon: f32,
  smoothing: usize,
  out: usize,
  codes: usize,
  row: i32,
  step: usize,
): void {
  const bytes = <usize>width * 4;
  let sum = f32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) {
    sum = f32x4.add(sum, v128.load(x + at));
  }
  const mean = f32x4.splat(sumLanes(sum) / <f32>width);
  let squares = f32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) {
    const centred = f32x4.sub(v128.load(x + at), mean);
    squares = f32x4.add(squares, f32x4.mul(centred, centred));
  }
  const factor = f32x4.splat(1 / sqrt(sumLanes(squares) / <f32>width + epsilon));
  let largest = f32x4.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) {
    const scaled = f32x4.mul(f32x4.sub(v128.load(x + at), mean), factor);
    const y = f32x4.add(f32x4.mul(scaled, v128.load(gamma + at)), v128.load(beta + at));
    v128.store(out + at, y);
    const smoothed = f32x4.mul(y, v128.load(smoothing + at));
    largest = f32x4.pmax(largest, f32x4.abs(smoothed));
    v128.store(x + at, smoothed);
  }
  codeRow(x, width, maxLanes(largest), codes, row, step);
}

/** Layer norm of rows of floats, and their codes. */
export function normRows(
  x: usize,
  rows: i32,
  width: i32,
  gamma: usize,
  beta: usize,
  epsilon: f32,
  smoothing: usize,
  out: usize,
  codes: usize,
  rowSteps: usize,
): void {
  for (let row = 0; row < rows; row += 1) {
    normRow(x, width, gamma, beta, epsilon, smoothing, out, codes, row, rowSteps);
    x += <usize>width * 4;
    out += <usize>width * 4;
    rowSteps += 4;
  }
}

/** `states` becomes the layer norm of itself plus the product whose sums are given; their codes and steps as in `geluRows`. */
export function addNormRows(
  sums: usize,
  rows: i32,
  width: i32,
  rowSteps: usize,
  columnSteps: usize,
  bias: usize,
  states: usize,
  gamma: usize,
  beta: usize,
  epsilon: f32,
  smoothing: usize,
  codes: usize,
): void {
  const bytes = <usize>width * 4;
  for (let row = 0; row < rows; row += 1) {
    const rowStep = v128.load_splat<f32>(rowSteps);
    for (let at: usize = 0; at < bytes; at += 16) {
      const y = f32x4.add(value(sums + at, rowStep, columnSteps + at, bias + at), v128.load(states + at));
      v128.store(sums + at, y);
    }
    normRow(sums, width, gamma, beta, epsilon, smoothing, states, codes, row, rowSteps);
    sums += bytes;
    states += bytes;
    rowSteps += 4;
  }
}
