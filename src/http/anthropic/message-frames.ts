import type { AnswerFrames } from "../answer-stream.ts";
import { namedFrame } from "../sse.ts";
import { anthropicErrorBody } from "./anthropic-error.ts";
import type { MessageEvents } from "./message-events.ts";

/** Anthropic's stream: every event has its type for a name, `message_stop` closes one that is complete, silence is pings. */
export function messageFrames(events: Pick<MessageEvents, "render">, requestId: string): AnswerFrames {
  return {
    render: (event) => events.render(event).map(namedFrame),
    fail: (error) => [namedFrame(anthropicErrorBody(error, requestId))],
    keepAlive: namedFrame({ type: "ping" }),
  };
}
