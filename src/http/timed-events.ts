import type { AnswerEvent } from "../rag/answer-event.ts";
import type { StageTimings } from "./stage-timings.ts";

/** Passes events on and records what they tell of time: the stages of retrieval, and `upstream`, the target LM's first word. */
export async function* timedEvents(
  events: AsyncGenerator<AnswerEvent>,
  timings: StageTimings,
): AsyncGenerator<AnswerEvent> {
  let askedAt = timings.elapsed();
  let hasSpoken = false;
  for await (const event of events) {
    if (event.type === "retrieval-end") {
      timings.recordAll(event.outcome.timings);
      askedAt = timings.elapsed();
    } else if (!hasSpoken) {
      hasSpoken = true;
      timings.record("upstream", timings.elapsed() - askedAt);
    }
    yield event;
  }
}
