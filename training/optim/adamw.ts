import { coastElements, decayElements, stepElements } from "./adamw-kernel.ts";
import type { AdamWCoefficients, AdamWTensors } from "./adamw-kernel.ts";
import type { GradientTransformation, OptimizerState, StateArray } from "./gradient-transformation.ts";
import { gradientOf, rowSize } from "./gradient.ts";
import type { RowGradient } from "./gradient.ts";
import type { ParameterSetting } from "./parameter-settings.ts";
import type { Parameter } from "./parameter.ts";
import type { Schedule } from "./schedule.ts";

export interface AdamWOptions {
  /** Of the steps at which the schedule is 1. */
  readonly learningRate: number;
  /** Factor of the learning rate a step. Default always 1. */
  readonly schedule?: Schedule;
  /** Decay of the running means. Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Added to the root of the variance. Default 1e-8. */
  readonly epsilon?: number;
  /** By name of the parameter; default: no decay, full rate. */
  readonly settings?: ReadonlyMap<string, ParameterSetting>;
  /**
   * What happens to the rows of a table that a `RowGradient` does not name. `dense` (default): the same as with a gradient of
   * zeros, to the bit, which is PyTorch's AdamW: their moments fade, so they go on moving for some steps, and they decay.
   * `lazy`, as torch.optim.SparseAdam: nothing, until a step names them again; the moments then continue from where they
   * stood, under the bias correction of the step that all parameters share. Lazy costs time by rows read instead of rows
   * there are.
   */
  readonly absentRows?: "dense" | "lazy";
}

const STEP = "adamw.step";
const MEAN = "adamw.mean/";
const VARIANCE = "adamw.variance/";
/** 1 for each row that ever had a gradient: the others have moments of 0. */
const IS_SEEN = "adamw.isSeen/";

const DEFAULT_SETTING: Omit<ParameterSetting, "isFrozen"> = { weightDecay: 0, rateScale: 1 };

/**
 * AdamW (Loshchilov and Hutter, ICLR 2019) as PyTorch has it; ends a chain: it changes the parameters. With step t from 1 and
 * rate η = learningRate · schedule(t - 1) · rateScale:
 *
 *     m ← β₁m + (1 - β₁)g      v ← β₂v + (1 - β₂)g²
 *     w ← (1 - η · weightDecay)w - η · m/(1 - β₁ᵗ) / (√(v/(1 - β₂ᵗ)) + ε)
 *
 * Decay is decoupled from the gradient and multiplied by the rate. An element without gradient so far only decays (0/ε = 0).
 * Sums are in double precision and stored as float. Reports the fact `learningRate` (before `rateScale`).
 */
export function adamw({
  learningRate,
  schedule = () => 1,
  betas: [beta1, beta2] = [0.9, 0.999],
  epsilon = 1e-8,
  settings = new Map(),
  absentRows = "dense",
}: AdamWOptions): GradientTransformation {
  return {
    init: initialState,
    update(updates, state, parameters) {
      const { gradients, scale = 1, facts = {} } = updates;
      const counter = array(state, STEP, Float64Array);
      const step = counter[0] ?? 0;
      const rate = learningRate * schedule(step);
      const checked = parameters.map((parameter) => gradientOf(parameter, gradients));
      counter[0] = step + 1;
      for (const [index, parameter] of parameters.entries()) {
        const { weightDecay, rateScale } = settings.get(parameter.name) ?? DEFAULT_SETTING;
        const coefficients = {
          beta1,
          beta2,
          epsilon,
          scale,
          keep: 1 - rate * rateScale * weightDecay,
          stepSize: (rate * rateScale) / (1 - beta1 ** (step + 1)),
          rootCorrection: 1 / Math.sqrt(1 - beta2 ** (step + 1)),
        };
        const tensors = {
          weights: parameter.data,
          mean: array(state, `${MEAN}${parameter.name}`, Float32Array),
          variance: array(state, `${VARIANCE}${parameter.name}`, Float32Array),
        };
        const isSeen = array(state, `${IS_SEEN}${parameter.name}`, Uint8Array);
        const gradient = checked[index] ?? new Float32Array(0);
        if (gradient instanceof Float32Array) {
          isSeen.fill(1);
          stepElements(tensors, { start: 0, length: gradient.length, gradient, gradientStart: 0 }, coefficients);
        } else {
          stepRows({ gradient, size: rowSize(parameter), tensors, isSeen, coefficients, absentRows });
        }
      }
      return { ...updates, facts: { ...facts, learningRate: rate } };
    },
  };
}

interface StepRows {
  readonly gradient: RowGradient;
  /** Elements of a row. */
  readonly size: number;
  readonly tensors: AdamWTensors;
  readonly isSeen: Uint8Array;
  readonly coefficients: AdamWCoefficients;
  readonly absentRows: "dense" | "lazy";
}

function stepRows({ gradient, size, tensors, isSeen, coefficients, absentRows }: StepRows): void {
  const { rows, values } = gradient;
  for (const [position, row] of rows.entries()) {
    const range = { start: row * size, length: size, gradient: values, gradientStart: position * size };
    stepElements(tensors, range, coefficients);
    isSeen[row] = 1;
  }
  if (absentRows === "lazy") {
    return;
  }
  const isNamed = new Uint8Array(isSeen.length);
  for (const row of rows) {
    isNamed[row] = 1;
  }
  for (let row = 0; row < isSeen.length; row += 1) {
    if (isNamed[row] === 1) {
      continue;
    }
    const range = { start: row * size, length: size };
    if (isSeen[row] === 1) {
      coastElements(tensors, range, coefficients);
    } else if (coefficients.keep !== 1) {
      decayElements(tensors.weights, range, coefficients.keep);
    }
  }
}

function initialState(parameters: readonly Parameter[]): OptimizerState {
  const state: OptimizerState = new Map([[STEP, new Float64Array(1)]]);
  for (const { name, dims, data } of parameters) {
    state.set(`${MEAN}${name}`, new Float32Array(data.length));
    state.set(`${VARIANCE}${name}`, new Float32Array(data.length));
    state.set(`${IS_SEEN}${name}`, new Uint8Array(dims[0] ?? 1));
  }
  return state;
}

/** Throws RangeError when the state is not one that `init` made from these parameters. */
function array<T extends StateArray>(state: OptimizerState, name: string, ArrayType: new (length: number) => T): T {
  const found = state.get(name);
  if (!(found instanceof ArrayType)) {
    throw new RangeError(
      `the optimiser's state has no ${ArrayType.name} "${name}"; make it with init of the same parameters`,
    );
  }
  return found;
}
