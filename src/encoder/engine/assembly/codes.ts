import { maxLanes } from "./lanes";
import { RELAXED, usesRelaxed } from "./product-choice";

/** Codes are -8191..8191: 14 bits, which both products take, and which hide behind the rounding of int8 weights. */
export const LARGEST_CODE: f32 = 8191;

/** Where the relaxed product, whose codes are unsigned, puts zero. */
export const ZERO_CODE: i32 = 8192;

/** Below it a row counts as zeros: the reciprocal of its step would overflow. */
const SMALLEST_RANGE: f32 = 1e-30;

/**
 * Codes one row by its own step, stored at `step`: code = round(x / step) to the nearest, ties to even; its largest magnitude
 * becomes LARGEST_CODE. `width` is a multiple of 8. Two bytes a code, in the form that the product in use takes.
 */
export function codeRow(row: usize, width: i32, largest: f32, codes: usize, step: usize): void {
  const isZero = !(largest >= SMALLEST_RANGE);
  store<f32>(step, isZero ? 0 : largest / LARGEST_CODE);
  const inverse = f32x4.splat(isZero ? 0 : LARGEST_CODE / largest);
  for (const end = row + <usize>width * 4; row < end; row += 32) {
    const low = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(row), inverse)));
    const high = i32x4.trunc_sat_f32x4_s(f32x4.nearest(f32x4.mul(v128.load(row, 16), inverse)));
    const signed = i16x8.narrow_i32x4_s(low, high);
    if (RELAXED && usesRelaxed) {
      const code = i16x8.add(signed, i16x8.splat(<i16>ZERO_CODE));
      const bytes = i8x16.narrow_i16x8_u(i16x8.shr_u(code, 7), v128.and(code, i16x8.splat(127)));
      v128.store(codes, v128.shuffle<i32>(bytes, bytes, 0, 2, 1, 3));
    } else {
      v128.store(codes, signed);
    }
    codes += 16;
  }
}

/** Codes rows of floats, whose largest magnitude is looked for here. */
export function codeRows(x: usize, rows: i32, width: i32, codes: usize, steps: usize): void {
  for (let row = 0; row < rows; row += 1) {
    let largest = f32x4.splat(0);
    for (let at = x, end = x + <usize>width * 4; at < end; at += 16) {
      largest = f32x4.max(largest, f32x4.abs(v128.load(at)));
    }
    codeRow(x, width, maxLanes(largest), codes, steps);
    x += <usize>width * 4;
    codes += <usize>width * 2;
    steps += 4;
  }
}
