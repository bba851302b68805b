import { sumIntegers } from "./lanes";
import { RELAXED } from "./product-choice";

/** Where a 7-bit query, whose codes are 1..127, puts zero. */
export const ZERO_QUERY_CODE: i32 = 64;

function add(sum: v128, row: v128, query: v128): v128 {
  return RELAXED ? i32x4.relaxed_dot_i8x16_i7x16_add_s(row, query, sum) : sum;
}

/**
 * dots[i] = Σ query[d] · codes[slots[i] · stride + d] with codes of 8 bits, signed, by a query of 7, unsigned, for which the relaxed
 * dot product gives the same sums on every machine. One row after the other, although several at a time would share the
 * query's loads: the processor fetches ahead along one stream of addresses, and memory is what a scan waits for. `stride`
 * is a multiple of 64. Only in the build with relaxed SIMD.
 */
export function coarseDots(codes: usize, stride: usize, query: usize, slots: usize, count: i32, dots: usize): void {
  for (const end = slots + <usize>count * 4; slots < end; slots += 4) {
    let row = codes + <usize>load<u32>(slots) * stride;
    let even = i32x4.splat(0);
    let odd = even;
    for (let at = query, rowEnd = row + stride; row < rowEnd; row += 64) {
      even = add(even, v128.load(row), v128.load(at));
      odd = add(odd, v128.load(row, 16), v128.load(at, 16));
      even = add(even, v128.load(row, 32), v128.load(at, 32));
      odd = add(odd, v128.load(row, 48), v128.load(at, 48));
      at += 64;
    }
    store<i32>(dots, sumIntegers(i32x4.add(even, odd)));
    dots += 4;
  }
}
