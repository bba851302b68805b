/**
 * Not in the kernel: what the machine can do at most with the i16 product's two instructions, `scripts/bench/edge-profile.ts`.
 * Twelve sums, so that no one waits for its own last addition; no memory.
 */
export function dotLimit(times: i32, weight: i32): i32 {
  const w = i16x8.splat(<i16>weight);
  let a = i32x4.splat(1);
  let b = i32x4.splat(2);
  let c = i32x4.splat(3);
  let d = i32x4.splat(4);
  let e = i32x4.splat(5);
  let f = i32x4.splat(6);
  let g = i32x4.splat(7);
  let h = i32x4.splat(8);
  let i = i32x4.splat(9);
  let j = i32x4.splat(10);
  let k = i32x4.splat(11);
  let l = i32x4.splat(12);
  for (let time = 0; time < times; time += 1) {
    a = i32x4.add(a, i32x4.dot_i16x8_s(a, w));
    b = i32x4.add(b, i32x4.dot_i16x8_s(b, w));
    c = i32x4.add(c, i32x4.dot_i16x8_s(c, w));
    d = i32x4.add(d, i32x4.dot_i16x8_s(d, w));
    e = i32x4.add(e, i32x4.dot_i16x8_s(e, w));
    f = i32x4.add(f, i32x4.dot_i16x8_s(f, w));
    g = i32x4.add(g, i32x4.dot_i16x8_s(g, w));
    h = i32x4.add(h, i32x4.dot_i16x8_s(h, w));
    i = i32x4.add(i, i32x4.dot_i16x8_s(i, w));
    j = i32x4.add(j, i32x4.dot_i16x8_s(j, w));
    k = i32x4.add(k, i32x4.dot_i16x8_s(k, w));
    l = i32x4.add(l, i32x4.dot_i16x8_s(l, w));
  }
  const abcd = v128.xor(v128.xor(a, b), v128.xor(c, d));
  const efgh = v128.xor(v128.xor(e, f), v128.xor(g, h));
  const ijkl = v128.xor(v128.xor(i, j), v128.xor(k, l));
  return i32x4.extract_lane(v128.xor(v128.xor(abcd, efgh), ijkl), 0);
}
