import { adamw } from "./adamw.ts";
import type { AdamWOptions } from "./adamw.ts";
import { chain } from "./chain.ts";
import { clipByGlobalNorm } from "./clip-by-global-norm.ts";
import type { GradientTransformation } from "./gradient-transformation.ts";
import { masked } from "./masked.ts";

export interface OptimizerOptions extends AdamWOptions {
  /** Largest global norm of the gradient. Default 1; Infinity only measures it. */
  readonly clipNorm?: number;
}

/**
 * What the trainer uses: global-norm clipping, then AdamW, over the parameters that are not frozen.
 * @example
 *   const settings = parameterSettings(parameters, { weightDecay: 0.01 });
 *   const schedule = SCHEDULES.linear({ warmupSteps: 100, totalSteps: 1000 });
 *   const optimizer = createOptimizer({ learningRate: 5e-6, schedule, settings });
 *   const state = optimizer.init(parameters);
 *   const { facts } = optimizer.update({ gradients }, state, parameters);
 */
export function createOptimizer({ clipNorm = 1, ...options }: OptimizerOptions): GradientTransformation {
  return masked(
    chain(clipByGlobalNorm(clipNorm), adamw(options)),
    ({ name }) => options.settings?.get(name)?.isFrozen !== true,
  );
}
