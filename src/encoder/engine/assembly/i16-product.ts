/**
 * Blocks of the product with `i32x4.dot_i16x8_s`: codes are i16, weights are widened as they are loaded. A load of eight
 * weights holds two columns by four inputs and meets the row's four codes twice, so an accumulator's lanes are the halves of two
 * columns. Blocks are functions of their own: V8 exchanges code for optimised code only between calls.
 */

function add(sum: v128, weights: v128, codes: v128): v128 {
  return i32x4.add(sum, i32x4.dot_i16x8_s(weights, codes));
}

function store(out: usize, columns01: v128, columns23: v128): void {
  v128.store(
    out,
    i32x4.add(v128.shuffle<i32>(columns01, columns23, 0, 2, 4, 6), v128.shuffle<i32>(columns01, columns23, 1, 3, 5, 7)),
  );
}

/** Four rows by four columns. `panel`: bytes of four columns' weights. */
export function product4x1(
  codes: usize,
  rowBytes: usize,
  weights: usize,
  panel: usize,
  out: usize,
  outStride: usize,
): void {
  let a = i32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let e = a;
  let f = a;
  let g = a;
  let h = a;
  const codes1 = codes + rowBytes;
  const codes2 = codes1 + rowBytes;
  const codes3 = codes2 + rowBytes;
  let k: usize = 0;
  for (const end = weights + panel; weights < end; weights += 16) {
    const w0 = v128.load_ext<i8>(weights);
    const w1 = v128.load_ext<i8>(weights, 8);
    const x0 = v128.load_splat<i64>(codes + k);
    a = add(a, w0, x0);
    b = add(b, w1, x0);
    const x1 = v128.load_splat<i64>(codes1 + k);
    c = add(c, w0, x1);
    d = add(d, w1, x1);
    const x2 = v128.load_splat<i64>(codes2 + k);
    e = add(e, w0, x2);
    f = add(f, w1, x2);
    const x3 = v128.load_splat<i64>(codes3 + k);
    g = add(g, w0, x3);
    h = add(h, w1, x3);
    k += 8;
  }
  store(out, a, b);
  store(out + outStride, c, d);
  store(out + 2 * outStride, e, f);
  store(out + 3 * outStride, g, h);
}

/** Two rows by eight columns. */
export function product2x2(
  codes: usize,
  rowBytes: usize,
  weights: usize,
  panel: usize,
  out: usize,
  outStride: usize,
): void {
  let a = i32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let e = a;
  let f = a;
  let g = a;
  let h = a;
  const codes1 = codes + rowBytes;
  let k: usize = 0;
  for (const end = weights + panel; weights < end; weights += 16) {
    const w0 = v128.load_ext<i8>(weights);
    const w1 = v128.load_ext<i8>(weights, 8);
    const w2 = v128.load_ext<i8>(weights + panel);
    const w3 = v128.load_ext<i8>(weights + panel, 8);
    const x0 = v128.load_splat<i64>(codes + k);
    a = add(a, w0, x0);
    b = add(b, w1, x0);
    c = add(c, w2, x0);
    d = add(d, w3, x0);
    const x1 = v128.load_splat<i64>(codes1 + k);
    e = add(e, w0, x1);
    f = add(f, w1, x1);
    g = add(g, w2, x1);
    h = add(h, w3, x1);
    k += 8;
  }
  store(out, a, b);
  store(out + 16, c, d);
  store(out + outStride, e, f);
  store(out + outStride + 16, g, h);
}

/** One row by eight columns. */
export function product1x2(codes: usize, weights: usize, panel: usize, out: usize): void {
  let a = i32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  for (const end = weights + panel; weights < end; weights += 16) {
    const x = v128.load_splat<i64>(codes);
    a = add(a, v128.load_ext<i8>(weights), x);
    b = add(b, v128.load_ext<i8>(weights, 8), x);
    c = add(c, v128.load_ext<i8>(weights + panel), x);
    d = add(d, v128.load_ext<i8>(weights + panel, 8), x);
    codes += 8;
  }
  store(out, a, b);
  store(out + 16, c, d);
}
