/** Factor of the learning rate at a step; the first step is 0. */
export type Schedule = (step: number) => number;

export interface ScheduleOptions {
  /** Steps in which the factor rises from 0 to 1, linearly: step s has s / warmupSteps. Default 0. */
  readonly warmupSteps?: number;
  /** Steps of the whole training. */
  readonly totalSteps: number;
}

export type ScheduleName = keyof typeof SCHEDULES;

/**
 * Learning rates over time, by the name they have in a configuration, with the semantics of Hugging Face's
 * `get_*_schedule_with_warmup`: with a warm-up, the first step has rate 0 (moments and step count advance all the same).
 * After the last step `linear` and `cosine` stay at 0.
 */
export const SCHEDULES = {
  /** 1 after the warm-up. */
  constant: ({ warmupSteps = 0 }: ScheduleOptions): Schedule => withWarmup(warmupSteps, () => 1),
  /** From 1 down to 0 in a straight line. */
  linear: ({ warmupSteps = 0, totalSteps }: ScheduleOptions): Schedule =>
    withWarmup(warmupSteps, (step) => Math.max(0, 1 - progress({ step, warmupSteps, totalSteps }))),
  /** From 1 down to 0 along half a cosine (Loshchilov and Hutter, SGDR, ICLR 2017; no restarts). */
  cosine: ({ warmupSteps = 0, totalSteps }: ScheduleOptions): Schedule =>
    withWarmup(warmupSteps, (step) => {
      const done = Math.min(1, progress({ step, warmupSteps, totalSteps }));
      return (1 + Math.cos(Math.PI * done)) / 2;
    }),
} as const satisfies Record<string, (options: ScheduleOptions) => Schedule>;

function withWarmup(warmupSteps: number, after: Schedule): Schedule {
  return (step) => (step < warmupSteps ? step / warmupSteps : after(step));
}

/** Share of the steps after the warm-up that are over. */
function progress({ step, warmupSteps, totalSteps }: Required<ScheduleOptions> & { readonly step: number }): number {
  return (step - warmupSteps) / Math.max(1, totalSteps - warmupSteps);
}
