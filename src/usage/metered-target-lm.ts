import { isSuperseded } from "../generation/superseded.ts";
import type { TargetLm } from "../generation/target-lm.ts";
import type { RequestMeter } from "./request-meter.ts";

/**
 * A target LM that is counted, whoever asks it: an answer, its fallback, a rewritten query. Before it is asked, what it may
 * take is reserved; that throws `rate_limited` or `budget_exhausted`. One that another has overtaken counts for nothing.
 */
export function meteredTargetLm(target: TargetLm, meter: RequestMeter): TargetLm {
  return {
    ...target,
    async *generate(request, options) {
      const tally = await meter.reserveGeneration(target, request);
      try {
        for await (const event of target.generate(request, options)) {
          tally.read(event);
          yield event;
        }
      } finally {
        if (isSuperseded(options.signal)) {
          tally.drop();
        }
      }
    },
  };
}
