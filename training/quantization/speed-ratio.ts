import type { TimedModel } from "./timed-model.ts";

/** Best times of one forward pass on one thread of this machine, and how many times the candidate is faster. */
export interface SpeedRatio {
  readonly tokens: number;
  readonly referenceMs: number;
  readonly candidateMs: number;
  readonly ratio: number;
}

export interface MeasureSpeedOptions {
  readonly reference: TimedModel;
  readonly candidate: TimedModel;
  readonly lengths: readonly number[];
  /** Timed passes of each model and length. Default 30. */
  readonly repetitions?: number;
}

const WARM_UP_PASSES = 3;

/** Times two models in turn, pass by pass, so that a change of the machine's load meets both; the best pass counts. */
export async function measureSpeed({
  reference,
  candidate,
  lengths,
  repetitions = 30,
}: MeasureSpeedOptions): Promise<SpeedRatio[]> {
  const ratios: SpeedRatio[] = [];
  for (const tokens of lengths) {
    const best = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let pass = -WARM_UP_PASSES; pass < repetitions; pass += 1) {
      for (const [index, model] of [reference, candidate].entries()) {
        const start = performance.now();
        await model.run(tokens);
        const elapsed = performance.now() - start;
        best[index] = pass < 0 ? Number.POSITIVE_INFINITY : Math.min(best[index] ?? elapsed, elapsed);
      }
    }
    const [referenceMs = 0, candidateMs = 0] = best;
    ratios.push({ tokens, referenceMs, candidateMs, ratio: referenceMs / candidateMs });
  }
  await Promise.all([reference.release(), candidate.release()]);
  return ratios;
}
