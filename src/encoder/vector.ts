/**
 * Scales to unit length: v / ‖v‖₂, as a new vector. The zero vector has no direction and stays zero, so that its dot
 * product with anything is 0 rather than NaN.
 */
export function normalize(vector: Float32Array): Float32Array {
  const norm = Math.sqrt(dot(vector, vector));
  const unit = new Float32Array(vector.length);
  if (norm === 0) {
    return unit;
  }
  for (let i = 0; i < vector.length; i += 1) {
    unit[i] = (vector[i] ?? 0) / norm;
  }
  return unit;
}

/** Σ aᵢbᵢ, summed in double precision. The caller guarantees equal lengths (checked where vectors enter). */
export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i += 1) {
    sum += (a[i] ?? 0) * (b[i] ?? 0);
  }
  return sum;
}

/** Cosine similarity in [-1, 1]; 0 when either vector is zero. For unit vectors `dot` says the same, cheaper. */
export function cosine(a: Float32Array, b: Float32Array): number {
  const norms = Math.sqrt(dot(a, a) * dot(b, b));
  return norms === 0 ? 0 : dot(a, b) / norms;
}
