import { isSuperseded } from "../generation/superseded.ts";
import type { TargetLm } from "../generation/target-lm.ts";
import type { AnswerEvent } from "../rag/answer-event.ts";
import type { RequestReport } from "./request-report.ts";

/** A fallback that says so when it takes over. */
export function reportedFallback(target: TargetLm, report: RequestReport): TargetLm {
  return {
    ...target,
    async *generate(request, options) {
      for await (const event of target.generate(request, options)) {
        if (!isSuperseded(options.signal)) {
          report.degrade("fallback");
        }
        yield event;
      }
    },
  };
}

/** Reports what an answer has to do without. */
export function reportRetrieval(
  { outcome, notices }: Extract<AnswerEvent, { type: "retrieval-end" }>,
  report: RequestReport,
): void {
  for (const { leg } of outcome.degraded) {
    report.degrade(leg);
  }
  if (outcome.degraded.length === 0 && notices.some(({ code }) => code === "degraded")) {
    report.degrade("rewrite");
  }
}
