/** Vectorize gives at most 100 matches a query; the lexical leg is held to the same. */
export const MAX_TOP_K = 100;

export interface ClampedTopK {
  readonly topK: number;
  readonly notices: readonly { readonly code: "top_k_clamped"; readonly message: string }[];
}

/** Clamps an already validated `top_k` (a positive integer) to what the index can give, and says so. */
export function clampTopK(requested: number): ClampedTopK {
  if (requested <= MAX_TOP_K) {
    return { topK: requested, notices: [] };
  }
  const message = `top_k ${requested} was clamped to ${MAX_TOP_K}, the most that one query of the index returns`;
  return { topK: MAX_TOP_K, notices: [{ code: "top_k_clamped", message }] };
}
