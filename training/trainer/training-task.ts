import type { Gradient } from "../optim/gradient.ts";
import type { Parameter } from "../optim/parameter.ts";

/** What one batch says about the parameters. */
export interface StepGradients {
  readonly loss: number;
  /** By name of the parameter. They may be the same arrays at every step: use them before the next. */
  readonly gradients: ReadonlyMap<string, Gradient>;
  /** Real tokens that went through the trained graph; 0 where none do. */
  readonly tokens: number;
  /** Numbers worth a line in the metrics: `maskedShare`. */
  readonly facts?: Readonly<Record<string, number>>;
}

/** What a mode of training gives to the loop, which knows nothing of encoders, adapters or passages. */
export interface TrainingTask {
  /** Changed in place by the loop. */
  readonly parameters: readonly Parameter[];
  /** Tokens of each item that batches are made of (a question, a text), by index. */
  readonly lengths: ArrayLike<number>;
  /** For messages. */
  idOf(item: number): string;
  /** The loss over some items and its gradient at the present weights; a function of its arguments and of the weights. */
  gradients(items: readonly number[], epoch: number): Promise<StepGradients>;
  /** The dev measure at the present weights; higher is better. Undefined when there is nothing to measure on. */
  readonly evaluate: (() => Promise<number>) | undefined;
  /** Name of the dev measure: "nDCG@10". */
  readonly measure: string;
  /** Frees what the runtime holds. */
  close(): Promise<void>;
}
