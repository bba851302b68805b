/**
 * U of the factorisation A = (U + I) D (U + I)ᵀ of a symmetric positive definite matrix, with U strictly upper triangular
 * and D diagonal: a Cholesky that starts at the last row. In place, returned for convenience; entries on and below the
 * diagonal are D and leftovers. Costs size³ / 3 multiplications.
 */
export function unitUpperFactor(matrix: Float64Array, size: number): Float64Array {
  if (matrix.length !== size * size) {
    throw new RangeError(`a ${size} x ${size} matrix has ${size * size} entries, got ${matrix.length}`);
  }
  const scaledRow = new Float64Array(size); // U_kl D_l for l > k
  for (let k = size - 1; k >= 0; k -= 1) {
    const rowK = k * size;
    let diagonal = matrix[rowK + k] ?? 0;
    for (let l = k + 1; l < size; l += 1) {
      const u = matrix[rowK + l] ?? 0;
      const scaled = u * (matrix[l * size + l] ?? 0);
      scaledRow[l] = scaled;
      diagonal -= u * scaled;
    }
    if (!(diagonal > 0)) {
      throw new RangeError(`matrix is not positive definite: pivot ${k} is ${diagonal}`);
    }
    matrix[rowK + k] = diagonal;
    for (let j = 0; j < k; j += 1) {
      const rowJ = j * size;
      let value = matrix[rowJ + k] ?? 0;
      for (let l = k + 1; l < size; l += 1) {
        value -= (matrix[rowJ + l] ?? 0) * (scaledRow[l] ?? 0);
      }
      matrix[rowJ + k] = value / diagonal;
    }
  }
  return matrix;
}
