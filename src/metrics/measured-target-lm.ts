import { isSuperseded } from "../generation/superseded.ts";
import type { TargetLm } from "../generation/target-lm.ts";
import { toAppError } from "../shared/errors.ts";
import type { Metrics } from "./metrics.ts";

export interface MeasuredTargetLmOptions {
  readonly metrics: Metrics;
  /** Milliseconds. */
  readonly now: () => number;
}

/** A target LM whose requests are counted by how they end: `completed`, `left` by its consumer, `superseded`, or an error's code. */
export function measuredTargetLm(target: TargetLm, { metrics, now }: MeasuredTargetLmOptions): TargetLm {
  const { name } = target;
  return {
    ...target,
    async *generate(request, options) {
      const startedAt = now();
      let outcome = "left";
      let hasSpoken = false;
      try {
        for await (const event of target.generate(request, options)) {
          if (!hasSpoken) {
            hasSpoken = true;
            metrics.observe("aar_target_first_event_seconds", { target: name }, (now() - startedAt) / 1000);
          }
          outcome = event.type === "end" ? "completed" : outcome;
          yield event;
        }
      } catch (error) {
        outcome = toAppError(error).code;
        throw error;
      } finally {
        const ended = isSuperseded(options.signal) ? "superseded" : outcome;
        metrics.count("aar_target_requests_total", { target: name, outcome: ended });
      }
    },
  };
}
