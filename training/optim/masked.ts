import type { GradientTransformation } from "./gradient-transformation.ts";
import type { Parameter } from "./parameter.ts";

/**
 * Shows a transformation only the parameters that the predicate accepts. The others are frozen: they keep their bits, take no
 * memory for state, may be without a gradient, and one that they have does not count in the global norm.
 */
export function masked(
  inner: GradientTransformation,
  isTrained: (parameter: Parameter) => boolean,
): GradientTransformation {
  return {
    init: (parameters) => inner.init(parameters.filter(isTrained)),
    update: (updates, state, parameters) => inner.update(updates, state, parameters.filter(isTrained)),
  };
}
