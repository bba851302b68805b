import { nearestIntegers, rounding } from "./functions";
import { maxLanes } from "./lanes";
import { RELAXED, usesRelaxed } from "./product-choice";

/** Codes are -8191..8191: 14 bits, which both products take, and which hide behind the rounding of int8 weights. */
export const LARGEST_CODE: f32 = 8191;

/** Where the relaxed product, whose codes are unsigned, puts zero. */
export const ZERO_CODE: i32 = 8192;

/** Below it a row counts as zeros: the reciprocal of its step would overflow. */
const SMALLEST_RANGE: f32 = 1e-30;

/**
 * Rows whose codes lie side by side for the i16 product: four codes of the first, the same four inputs of the second, and so on.
 * Whether the last rows are so many or not, they take the room of so many. The relaxed product has row after row.
 */
export const ROWS_SIDE_BY_SIDE: i32 = 4;

/** Where the codes of a row begin. `width`: codes of a row. */
function codesOf(codes: usize, row: i32, width: i32): usize {
  if (RELAXED && usesRelaxed) {
    return codes + <usize>row * <usize>width * 2;
  }
  const within = row % ROWS_SIDE_BY_SIDE;
  return codes + (<usize>(row - within) * <usize>width + <usize>within * 4) * 2;
}

/** Bytes from four codes of a row to the next four. */
function groupStride(): usize {
  return RELAXED && usesRelaxed ? 8 : 8 * ROWS_SIDE_BY_SIDE;
}

/**
 * Codes one row by its own step, stored at `step`: code = round(x / step) to the nearest, ties to even; its largest magnitude
 * becomes LARGEST_CODE. `width` is a multiple of 8. Two bytes a code, in the form that the product in use takes. `codes` is where
 * those of row 0 are, `row` the number of this one.
 */
export function codeRow(x: usize, width: i32, largest: f32, codes: usize, row: i32, step: usize): void {
  const isZero = !(largest >= SMALLEST_RANGE);
  store<f32>(step, isZero ? 0 : largest / LARGEST_CODE);
  const inverse = f32x4.splat(isZero ? 0 : LARGEST_CODE / largest);
  const toInteger = rounding();
  const stride = groupStride();
  let to = codesOf(codes, row, width);
  for (const end = x + <usize>width * 4; x < end; x += 32) {
    const low = nearestIntegers(f32x4.mul(v128.load(x), inverse), toInteger);
    const high = nearestIntegers(f32x4.mul(v128.load(x, 16), inverse), toInteger);
    let pair = i16x8.narrow_i32x4_s(low, high);
    if (RELAXED && usesRelaxed) {
      const code = i16x8.add(pair, i16x8.splat(<i16>ZERO_CODE));
      const bytes = i8x16.narrow_i16x8_u(i16x8.shr_u(code, 7), v128.and(code, i16x8.splat(127)));
      pair = v128.shuffle<i32>(bytes, bytes, 0, 2, 1, 3);
    }
    v128.store_lane<i64>(to, pair, 0);
    v128.store_lane<i64>(to + stride, pair, 1);
    to += 2 * stride;
  }
}

/** Codes rows of floats, whose largest magnitude is looked for here. */
export function codeRows(x: usize, rows: i32, width: i32, codes: usize, steps: usize): void {
  for (let row = 0; row < rows; row += 1) {
    let largest = f32x4.splat(0);
    for (let at = x, end = x + <usize>width * 4; at < end; at += 16) {
      largest = f32x4.pmax(largest, f32x4.abs(v128.load(at)));
    }
    codeRow(x, width, maxLanes(largest), codes, row, steps);
    x += <usize>width * 4;
    steps += 4;
  }
}
