/**
 * Numbers of the loops are read from memory: V8 makes a constant vector anew wherever it is used, with three instructions on the
 * ports that the arithmetic wants.
 */
function splat(table: usize, index: usize): v128 {
  return v128.load_splat<f32>(table + index * 4);
}

/** 1.5 · 2²³: a float of less than 2²² plus this has the nearest integer, ties to even, in its lowest bits. */
const ROUNDING: f32 = 12582912;

const ROUNDING_TABLE = memory.data<f32>([ROUNDING]);

/** What `nearestIntegers` adds; to be read outside of the loop. */
export function rounding(): v128 {
  return splat(ROUNDING_TABLE, 0);
}

/** Nearest integers, ties to even, of floats of less than 2²²: two instructions where a conversion takes ten. */
export function nearestIntegers(x: v128, rounding: v128): v128 {
  return i32x4.sub(f32x4.add(x, rounding), rounding);
}

const EXPONENTIAL = memory.data<f32>([
  -87,
  1.44269504,
  ROUNDING,
  0.693359375,
  -2.1219444e-4,
  1.98756915e-4,
  1.3981999507e-3,
  8.3334519073e-3,
  4.1665795894e-2,
  1.6666665459e-1,
  5.0000001201e-1,
  1,
]);
const EXPONENT_BIAS = memory.data<i32>([127]);

/** e^x with a relative error below 2e-7 for -87 <= x <= 88, and 0 below -87 (Cephes' expf: range reduction by ln 2, degree 5). */
export function exponential(x: v128): v128 {
  const least = splat(EXPONENTIAL, 0);
  const rounding = splat(EXPONENTIAL, 2);
  const isLarge = f32x4.ge(x, least);
  x = f32x4.pmax(least, x);
  const rounded = f32x4.add(f32x4.mul(x, splat(EXPONENTIAL, 1)), rounding);
  const power = f32x4.sub(rounded, rounding);
  x = f32x4.sub(x, f32x4.mul(power, splat(EXPONENTIAL, 3)));
  x = f32x4.sub(x, f32x4.mul(power, splat(EXPONENTIAL, 4)));
  let y = splat(EXPONENTIAL, 5);
  y = f32x4.add(f32x4.mul(y, x), splat(EXPONENTIAL, 6));
  y = f32x4.add(f32x4.mul(y, x), splat(EXPONENTIAL, 7));
  y = f32x4.add(f32x4.mul(y, x), splat(EXPONENTIAL, 8));
  y = f32x4.add(f32x4.mul(y, x), splat(EXPONENTIAL, 9));
  y = f32x4.add(f32x4.mul(y, x), splat(EXPONENTIAL, 10));
  y = f32x4.add(f32x4.add(f32x4.mul(y, f32x4.mul(x, x)), x), splat(EXPONENTIAL, 11));
  // Of ROUNDING no bit is left after the shift.
  const factor = i32x4.shl(i32x4.add(rounded, v128.load_splat<i32>(EXPONENT_BIAS)), 23);
  return v128.and(f32x4.mul(y, factor), isLarge);
}

const ERF_LIMITS = memory.data<f32>([-4, 4]);
const ERF_NUMERATOR = memory.data<f32>([
  -2.72614225801306e-10, 2.77068142495902e-8, -2.10102402082508e-6, -5.69250639462346e-5, -7.34990630326855e-4,
  -2.95459980854025e-3, -1.60960333262415e-2,
]);
const ERF_DENOMINATOR = memory.data<f32>([
  -1.45660718464996e-5, -2.13374055278905e-4, -1.68282697438203e-3, -7.37332916720468e-3, -1.42647390514189e-2,
]);

/** erf(x) with an error below 3e-7: the odd rational function of Eigen, over -4..4, outside of which it is one in float32. */
function errorFunction(x: v128): v128 {
  x = f32x4.pmin(splat(ERF_LIMITS, 1), f32x4.pmax(splat(ERF_LIMITS, 0), x));
  const s = f32x4.mul(x, x);
  let p = splat(ERF_NUMERATOR, 0);
  p = f32x4.add(f32x4.mul(p, s), splat(ERF_NUMERATOR, 1));
  p = f32x4.add(f32x4.mul(p, s), splat(ERF_NUMERATOR, 2));
  p = f32x4.add(f32x4.mul(p, s), splat(ERF_NUMERATOR, 3));
  p = f32x4.add(f32x4.mul(p, s), splat(ERF_NUMERATOR, 4));
  p = f32x4.add(f32x4.mul(p, s), splat(ERF_NUMERATOR, 5));
  p = f32x4.add(f32x4.mul(p, s), splat(ERF_NUMERATOR, 6));
  let q = splat(ERF_DENOMINATOR, 0);
  q = f32x4.add(f32x4.mul(q, s), splat(ERF_DENOMINATOR, 1));
  q = f32x4.add(f32x4.mul(q, s), splat(ERF_DENOMINATOR, 2));
  q = f32x4.add(f32x4.mul(q, s), splat(ERF_DENOMINATOR, 3));
  q = f32x4.add(f32x4.mul(q, s), splat(ERF_DENOMINATOR, 4));
  return f32x4.div(f32x4.mul(x, p), q);
}

const GELU = memory.data<f32>([0.70710678, 0.5, 1]);

/** x · Φ(x) = x / 2 · (1 + erf(x / √2)): BERT's GELU, not its tanh approximation. */
export function gelu(x: v128): v128 {
  const erf = errorFunction(f32x4.mul(x, splat(GELU, 0)));
  return f32x4.mul(f32x4.mul(x, splat(GELU, 1)), f32x4.add(erf, splat(GELU, 2)));
}
