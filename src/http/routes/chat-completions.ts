import type { OpenAPIHono } from "@hono/zod-openapi";
import { z } from "@hono/zod-openapi";
import { answerResponse } from "../answer-response.ts";
import type { RouteDependencies } from "../app-dependencies.ts";
import { ChatCompletionChunks, type CompletionIdentity } from "../chat-completion-chunks.ts";
import { chatCompletionFrames } from "../chat-completion-frames.ts";
import { chatCompletion } from "../chat-completion.ts";
import { chatRequest } from "../chat-request.ts";
import type { HttpContext, HttpEnvironment } from "../http-context.ts";
import { readJson } from "../read-json.ts";
import { chatCompletionRequestSchema, chatCompletionResponseSchema } from "../schemas/chat-completion.ts";
import { jsonRoute } from "../schemas/json-route.ts";
import { startAnswer } from "../start-answer.ts";

const route = jsonRoute({
  method: "post",
  path: "/v1/chat/completions",
  summary: "Answer with retrieval and citations",
  description:
    "OpenAI's chat completions. Streams carry the passages in their first chunk, citations as `delta.annotations`, and `answered_by` in their last chunk; a stream that fails ends in an error frame and never in `[DONE]`.",
  request: chatCompletionRequestSchema,
  response: chatCompletionResponseSchema,
  alternatives: { "text/event-stream": { schema: z.string() } },
});

/** `POST /v1/chat/completions`, streamed or not. */
export function registerChatCompletions(app: OpenAPIHono<HttpEnvironment>, dependencies: RouteDependencies): void {
  app.openAPIRegistry.registerPath(route);
  app.post(route.path, (c) => chatCompletions(c, dependencies));
}

async function chatCompletions(c: HttpContext, { log }: RouteDependencies): Promise<Response> {
  const request = chatRequest(await readJson(c.req.raw, { schema: chatCompletionRequestSchema }));
  const { model, events, abort } = await startAnswer(c, request);
  const identity: CompletionIdentity = {
    id: `chatcmpl-${crypto.randomUUID().replaceAll("-", "")}`,
    created: Math.floor(Date.now() / 1000),
    model,
  };
  if (!request.stream) {
    return c.json(await chatCompletion(events, identity));
  }
  const chunks = new ChatCompletionChunks({ ...identity, includeUsage: request.includeUsage });
  return await answerResponse(c, { events, frames: chatCompletionFrames(chunks), abort, log });
}
