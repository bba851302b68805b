/** e^x with a relative error below 2e-7 for -87 <= x <= 88, and 0 below -87 (Cephes' expf: range reduction by ln 2, degree 5). */
export function exponential(x: v128): v128 {
  const isLarge = f32x4.ge(x, f32x4.splat(-87));
  x = f32x4.max(x, f32x4.splat(-87));
  const power = f32x4.floor(f32x4.add(f32x4.mul(x, f32x4.splat(1.44269504)), f32x4.splat(0.5)));
  x = f32x4.sub(x, f32x4.mul(power, f32x4.splat(0.693359375)));
  x = f32x4.sub(x, f32x4.mul(power, f32x4.splat(-2.1219444e-4)));
  let y = f32x4.splat(1.98756915e-4);
  y = f32x4.add(f32x4.mul(y, x), f32x4.splat(1.3981999507e-3));
  y = f32x4.add(f32x4.mul(y, x), f32x4.splat(8.3334519073e-3));
  y = f32x4.add(f32x4.mul(y, x), f32x4.splat(4.1665795894e-2));
  y = f32x4.add(f32x4.mul(y, x), f32x4.splat(1.6666665459e-1));
  y = f32x4.add(f32x4.mul(y, x), f32x4.splat(5.0000001201e-1));
  y = f32x4.add(f32x4.add(f32x4.mul(y, f32x4.mul(x, x)), x), f32x4.splat(1));
  const factor = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(power), i32x4.splat(127)), 23);
  return v128.and(f32x4.mul(y, factor), isLarge);
}

/** erf(x) with an error below 3e-7: the odd rational function of Eigen, over -4..4, outside of which it is one in float32. */
function errorFunction(x: v128): v128 {
  x = f32x4.min(f32x4.max(x, f32x4.splat(-4)), f32x4.splat(4));
  const s = f32x4.mul(x, x);
  let p = f32x4.splat(-2.72614225801306e-10);
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(2.77068142495902e-8));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(-2.10102402082508e-6));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(-5.69250639462346e-5));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(-7.34990630326855e-4));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(-2.95459980854025e-3));
  p = f32x4.add(f32x4.mul(p, s), f32x4.splat(-1.60960333262415e-2));
  let q = f32x4.splat(-1.45660718464996e-5);
  q = f32x4.add(f32x4.mul(q, s), f32x4.splat(-2.13374055278905e-4));
  q = f32x4.add(f32x4.mul(q, s), f32x4.splat(-1.68282697438203e-3));
  q = f32x4.add(f32x4.mul(q, s), f32x4.splat(-7.37332916720468e-3));
  q = f32x4.add(f32x4.mul(q, s), f32x4.splat(-1.42647390514189e-2));
  return f32x4.div(f32x4.mul(x, p), q);
}

/** x · Φ(x) = x / 2 · (1 + erf(x / √2)): BERT's GELU, not its tanh approximation. */
export function gelu(x: v128): v128 {
  const erf = errorFunction(f32x4.mul(x, f32x4.splat(0.70710678)));
  return f32x4.mul(f32x4.mul(x, f32x4.splat(0.5)), f32x4.add(erf, f32x4.splat(1)));
}
