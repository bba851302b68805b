import type { GradientTransformation, OptimizerState } from "./gradient-transformation.ts";

/**
 * Runs transformations one after another as one. Their states share one map.
 * @throws RangeError in `init` when two of them use the same name in it.
 */
export function chain(...links: readonly GradientTransformation[]): GradientTransformation {
  return {
    init(parameters) {
      const state: OptimizerState = new Map();
      for (const link of links) {
        for (const [name, array] of link.init(parameters)) {
          if (state.has(name)) {
            throw new RangeError(`two links of the chain keep a state "${name}"`);
          }
          state.set(name, array);
        }
      }
      return state;
    },
    update: (updates, state, parameters) =>
      links.reduce((passed, link) => link.update(passed, state, parameters), updates),
  };
}
