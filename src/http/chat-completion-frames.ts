import type { AnswerFrames } from "./answer-stream.ts";
import type { ChatCompletionChunks } from "./chat-completion-chunks.ts";
import { errorBody } from "./error-response.ts";
import { dataFrame, DONE_FRAME, KEEP_ALIVE_FRAME } from "./sse.ts";

/** OpenAI's stream of chunks: `[DONE]` closes one that is complete, and no other. */
export function chatCompletionFrames(chunks: Pick<ChatCompletionChunks, "render">): AnswerFrames {
  return {
    render: (event) => {
      const frames = chunks.render(event).map(dataFrame);
      return event.type === "end" ? [...frames, DONE_FRAME] : frames;
    },
    fail: (error) => [dataFrame({ ...errorBody(error) })],
    keepAlive: KEEP_ALIVE_FRAME,
  };
}
