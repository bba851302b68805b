/** A constant of the build: whether this module may use relaxed SIMD. Engines that do not know it refuse the whole module. */
export const RELAXED: bool = isDefined(RELAXED_SIMD);

/** Which of the two products runs, and with it how inputs are coded; see `chooseProduct`. */
export let usesRelaxed: bool = false;

/**
 * How the machine adds four products of i8 by i8 in one instruction, told by what it answers to operands that the
 * specification leaves open: a clock would be of no use, it stands still in a Worker.
 */
const SATURATES: i32 = 0;
const UNSIGNED: i32 = 1;
const SIGNED: i32 = 2;

function probe(): i32 {
  if (RELAXED) {
    // 4 products of 127 by 255, or by -1; a pair of them does not fit into 16 bits.
    const sum = i32x4.extract_lane(
      i32x4.relaxed_dot_i8x16_i7x16_add_s(i8x16.splat(127), i8x16.splat(-1), i32x4.splat(0)),
      0,
    );
    return sum == 4 * 127 * 255 ? UNSIGNED : sum == -4 * 127 ? SIGNED : SATURATES;
  }
  return SATURATES;
}

/**
 * Takes the product that is faster here, and tells whether it is the relaxed one. Where one instruction multiplies and adds
 * (AVX-VNNI: unsigned; ARM's dot product: signed) two of them beat an i16 product; where the relaxed instruction is
 * emulated by three (x86 before, which saturates) they do not. `force`: 0 takes the i16 product, 1 the relaxed one if
 * it is in this module, -1 chooses. Both give the same integers.
 */
export function chooseProduct(force: i32): bool {
  usesRelaxed = RELAXED && (force == 1 || (force < 0 && probe() != SATURATES));
  return usesRelaxed;
}
