import type { Loss } from "./loss.ts";

export interface MatryoshkaOptions {
  /** Numbers of leading dimensions to train, each once: `[384, 192, 96]`. */
  readonly dims: readonly number[];
  /** Factor of each; default all 1. */
  readonly weights?: readonly number[];
}

/**
 * Matryoshka representation learning (Kusupati et al., NeurIPS 2022): Σ_k weight_k · L(first dims_k columns of both embeddings), so
 * that embeddings can be cut at serving. A sum as in the paper (and in sentence-transformers), not a mean: the loss is about
 * dims.length times as large. A cut of a unit vector is not one, so the inner loss should score by `cosine`. One entry with
 * the full width and weight 1 is the inner loss.
 * @throws RangeError for dims that are no whole positive numbers, or repeated, or weights of another number.
 */
export function matryoshka(inner: Loss, { dims, weights = dims.map(() => 1) }: MatryoshkaOptions): Loss {
  if (
    dims.length === 0 ||
    new Set(dims).size !== dims.length ||
    dims.some((dim) => !Number.isInteger(dim) || dim < 1)
  ) {
    throw new RangeError(`matryoshka dims must be different whole numbers from 1 on, got [${dims.join(", ")}]`);
  }
  if (weights.length !== dims.length) {
    throw new RangeError(`matryoshka got ${weights.length} weights for ${dims.length} dims`);
  }
  return {
    name: `matryoshka(${inner.name})`,
    build(build, { queries, passages }) {
      const losses = dims.map((dim, index) => {
        const cut = {
          queries: build.slice(queries, 1, 0, dim),
          passages: build.slice(passages, 1, 0, dim),
        };
        return build.mul(inner.build(build, cut), build.scalar(weights[index] ?? 1));
      });
      return losses.reduce((sum, loss) => build.add(sum, loss));
    },
    feeds: (batch) => inner.feeds(batch),
  };
}
