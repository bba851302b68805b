import { sumIntegers } from "./lanes";

function add(sum: v128, row: v128, query: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(row, query));
}

/**
 * dots[i] = Σ query[d] · codes[slots[i] · stride + d] with codes of 8 bits by a query of 16, both signed; the caller rules out that a
 * sum exceeds 32 bits. One row after the other, as in `coarseDots`. `stride` is a multiple of 32.
 */
export function fineDots(codes: usize, stride: usize, query: usize, slots: usize, count: i32, dots: usize): void {
  for (const end = slots + <usize>count * 4; slots < end; slots += 4) {
    let row = codes + <usize>load<u32>(slots) * stride;
    let even = i32x4.splat(0);
    let odd = even;
    for (let at = query, rowEnd = row + stride; row < rowEnd; row += 32) {
      even = add(even, v128.load_ext<i8>(row), v128.load(at));
      odd = add(odd, v128.load_ext<i8>(row, 8), v128.load(at, 16));
      even = add(even, v128.load_ext<i8>(row, 16), v128.load(at, 32));
      odd = add(odd, v128.load_ext<i8>(row, 24), v128.load(at, 48));
      at += 64;
    }
    store<i32>(dots, sumIntegers(i32x4.add(even, odd)));
    dots += 4;
  }
}
