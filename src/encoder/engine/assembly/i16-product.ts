/**
 * The product with `i32x4.dot_i16x8_s`, one panel of four columns with all rows. Codes are i16, four rows side by side (see
 * `codes.ts`). The first rows widen the panel's weights to i16 as they meet them and leave them behind, in the first-level
 * cache, for the rows after them. A load of eight weights holds two columns by four inputs and meets a row's four codes twice,
 * so an accumulator's lanes are the halves of two columns.
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

/** Four rows, whose weights are widened on the way. `wide`: room for the panel, two bytes a weight. */
export function widenFourRows(
  codes: usize,
  weights: usize,
  panel: usize,
  wide: usize,
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
  for (const end = weights + panel; weights < end; weights += 16) {
    const w0 = v128.load_ext<i8>(weights);
    const w1 = v128.load_ext<i8>(weights, 8);
    v128.store(wide, w0);
    v128.store(wide, w1, 16);
    let x = v128.load_splat<i64>(codes);
    a = add(a, w0, x);
    b = add(b, w1, x);
    x = v128.load_splat<i64>(codes, 8);
    c = add(c, w0, x);
    d = add(d, w1, x);
    x = v128.load_splat<i64>(codes, 16);
    e = add(e, w0, x);
    f = add(f, w1, x);
    x = v128.load_splat<i64>(codes, 24);
    g = add(g, w0, x);
    h = add(h, w1, x);
    codes += 32;
    wide += 32;
  }
  store(out, a, b);
  store(out + outStride, c, d);
  store(out + 2 * outStride, e, f);
  store(out + 3 * outStride, g, h);
}

/** Four rows with weights that are wide already. `panel`: its bytes, two for each weight; a multiple of 64. */
export function fourRows(codes: usize, wide: usize, panel: usize, out: usize, outStride: usize): void {
  let a = i32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let e = a;
  let f = a;
  let g = a;
  let h = a;
  for (const end = wide + panel; wide < end; wide += 64) {
    let w0 = v128.load(wide);
    let w1 = v128.load(wide, 16);
    let x = v128.load_splat<i64>(codes);
    a = add(a, w0, x);
    b = add(b, w1, x);
    x = v128.load_splat<i64>(codes, 8);
    c = add(c, w0, x);
    d = add(d, w1, x);
    x = v128.load_splat<i64>(codes, 16);
    e = add(e, w0, x);
    f = add(f, w1, x);
    x = v128.load_splat<i64>(codes, 24);
    g = add(g, w0, x);
    h = add(h, w1, x);
    w0 = v128.load(wide, 32);
    w1 = v128.load(wide, 48);
    x = v128.load_splat<i64>(codes, 32);
    a = add(a, w0, x);
    b = add(b, w1, x);
    x = v128.load_splat<i64>(codes, 40);
    c = add(c, w0, x);
    d = add(d, w1, x);
    x = v128.load_splat<i64>(codes, 48);
    e = add(e, w0, x);
    f = add(f, w1, x);
    x = v128.load_splat<i64>(codes, 56);
    g = add(g, w0, x);
    h = add(h, w1, x);
    codes += 64;
  }
  store(out, a, b);
  store(out + outStride, c, d);
  store(out + 2 * outStride, e, f);
  store(out + 3 * outStride, g, h);
}

/** One to three rows, in the layout of four, with wide weights. */
export function fewRows(rows: i32, codes: usize, wide: usize, panel: usize, out: usize, outStride: usize): void {
  let a = i32x4.splat(0);
  let b = a;
  let c = a;
  let d = a;
  let e = a;
  let f = a;
  const end = wide + panel;
  if (rows == 3) {
    for (; wide < end; wide += 32) {
      const w0 = v128.load(wide);
      const w1 = v128.load(wide, 16);
      let x = v128.load_splat<i64>(codes);
      a = add(a, w0, x);
      b = add(b, w1, x);
      x = v128.load_splat<i64>(codes, 8);
      c = add(c, w0, x);
      d = add(d, w1, x);
      x = v128.load_splat<i64>(codes, 16);
      e = add(e, w0, x);
      f = add(f, w1, x);
      codes += 32;
    }
    store(out + 2 * outStride, e, f);
  } else if (rows == 2) {
    for (; wide < end; wide += 32) {
      const w0 = v128.load(wide);
      const w1 = v128.load(wide, 16);
      let x = v128.load_splat<i64>(codes);
      a = add(a, w0, x);
      b = add(b, w1, x);
      x = v128.load_splat<i64>(codes, 8);
      c = add(c, w0, x);
      d = add(d, w1, x);
      codes += 32;
    }
  } else {
    for (; wide < end; wide += 32) {
      const x = v128.load_splat<i64>(codes);
      a = add(a, v128.load(wide), x);
      b = add(b, v128.load(wide, 16), x);
      codes += 32;
    }
  }
  store(out, a, b);
  if (rows > 1) {
    store(out + outStride, c, d);
  }
}

/** Widens a panel: for texts of fewer than four rows. */
export function widenPanel(weights: usize, panel: usize, wide: usize): void {
  for (const end = weights + panel; weights < end; weights += 16) {
    v128.store(wide, v128.load_ext<i8>(weights));
    v128.store(wide, v128.load_ext<i8>(weights, 8), 16);
    wide += 32;
  }
}
