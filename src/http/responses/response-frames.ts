import type { AnswerFrames } from "../answer-stream.ts";
import { KEEP_ALIVE_FRAME, namedFrame } from "../sse.ts";
import type { ResponseEvents } from "./response-events.ts";

/** OpenAI's Responses stream: every event has its type for a name; the response itself says whether it is complete. */
export function responseFrames(events: Pick<ResponseEvents, "render" | "fail">): AnswerFrames {
  return {
    render: (event) => events.render(event).map(namedFrame),
    fail: (error) => events.fail(error).map(namedFrame),
    keepAlive: KEEP_ALIVE_FRAME,
  };
}
