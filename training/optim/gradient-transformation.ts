import type { Gradient } from "./gradient.ts";
import type { Parameter } from "./parameter.ts";

/** What an optimiser remembers between steps, by name: what a checkpoint saves and restores bit for bit. */
export type OptimizerState = Map<string, StateArray>;

export type StateArray = Float32Array | Float64Array | Uint8Array;

/** What passes along a chain in one step. */
export interface Updates {
  readonly gradients: ReadonlyMap<string, Gradient>;
  /** Every gradient stands for itself times this number: scaling all of them costs no pass over memory. Default 1. */
  readonly scale?: number;
  /** Numbers worth a line in the metrics: `gradientNorm` (before clipping), `learningRate`. */
  readonly facts?: Readonly<Record<string, number>>;
}

/**
 * A piece of an optimiser: a pair of functions without hidden state, after optax. What `update` changes, it changes in place,
 * and all of it is in its arguments: the arrays of `state` and, in the link that ends a chain, those of `parameters`.
 */
export interface GradientTransformation {
  /** The state before the first step. */
  init(parameters: readonly Parameter[]): OptimizerState;
  /** Returns what the next link gets. `parameters` are those of `init`, in the same order. */
  update(updates: Updates, state: OptimizerState, parameters: readonly Parameter[]): Updates;
}
