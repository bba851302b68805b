import { AppError } from "../../src/shared/errors.ts";
import type { TrainingTask } from "./training-task.ts";

/** Where between the base and what was trained the result lies. */
export interface Blend {
  /** 0 is the base, 1 what was trained. */
  readonly share: number;
  /** The dev measure there; null when nothing was measured. */
  readonly score: number | null;
}

export interface BlendWeightsOptions {
  /** Of the task's parameters, in their order, before training. */
  readonly base: readonly Float32Array[];
  /** The one that measures best is taken; of equals the first. */
  readonly shares: readonly number[];
}

/**
 * Weight-space ensembling of base and fine-tuned model (WiSE-FT, Wortsman et al., CVPR 2022): θ = θ₀ + share · (θ₁ - θ₀), which keeps
 * most of what was learned and more of what the base did well. Leaves the best blend in the task's parameters.
 * @throws AppError `invalid_request` for several shares without a dev measure to choose by.
 */
export async function blendWeights(task: TrainingTask, { base, shares }: BlendWeightsOptions): Promise<Blend> {
  const { parameters, evaluate } = task;
  if (shares.length > 1 && evaluate === undefined) {
    throw new AppError("invalid_request", "several shares to blend need dev questions to choose by; give one share");
  }
  const trained = parameters.map(({ data }) => Float32Array.from(data));
  const put = (share: number): void => {
    for (const [index, { data }] of parameters.entries()) {
      const [from, to] = [base[index] ?? data, trained[index] ?? data];
      for (let i = 0; i < data.length; i += 1) {
        const start = from[i] ?? 0;
        data[i] = start + share * ((to[i] ?? 0) - start);
      }
    }
  };
  let best: Blend | undefined;
  for (const share of shares) {
    put(share);
    const score = (await evaluate?.()) ?? null;
    if (best === undefined || (score ?? -Infinity) > (best.score ?? -Infinity)) {
      best = { share, score };
    }
  }
  const chosen = best ?? { share: 1, score: null };
  put(chosen.share);
  return chosen;
}
