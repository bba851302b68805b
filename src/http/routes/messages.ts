import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { AppError } from "../../shared/errors.ts";
import { answerResponse } from "../answer-response.ts";
import { CitationPlaces } from "../anthropic/citation-places.ts";
import { MessageEvents } from "../anthropic/message-events.ts";
import { messageFrames } from "../anthropic/message-frames.ts";
import { foldMessage } from "../anthropic/message.ts";
import { messagesCall } from "../anthropic/messages-call.ts";
import type { RouteDependencies } from "../app-dependencies.ts";
import type { HttpContext, HttpEnvironment } from "../http-context.ts";
import { readJson } from "../read-json.ts";
import { jsonRoute } from "../schemas/json-route.ts";
import { anthropicErrorSchema, messagesRequestSchema, messagesResponseSchema } from "../schemas/messages.ts";
import { startAnswer } from "../start-answer.ts";

/** The one whose streams are as they are now; what came after it (2026-10-21) has taken request fields away, which hurts no one. */
const OLDEST_VERSION = "2023-06-01";

const route = jsonRoute({
  method: "post",
  path: "/v1/messages",
  summary: "Answer with retrieval and citations (Anthropic)",
  description:
    "Anthropic's Messages API, for target LMs of every provider. Citations are `search_result_location`s of what was retrieved and of the request's own `search_result` blocks. A stream that fails ends in an `error` event and never in `message_stop`.",
  request: messagesRequestSchema,
  response: messagesResponseSchema,
  alternatives: { "text/event-stream": { schema: z.string() } },
  error: anthropicErrorSchema,
});

/** `POST /v1/messages`, streamed or not. */
export function registerMessages(app: OpenAPIHono<HttpEnvironment>, dependencies: RouteDependencies): void {
  app.openAPIRegistry.registerPath(route);
  app.post(route.path, (c) => messages(c, dependencies));
}

async function messages(c: HttpContext, { log }: RouteDependencies): Promise<Response> {
  checkVersion(c.req.header("anthropic-version"));
  const body = await readJson(c.req.raw, { schema: messagesRequestSchema });
  const access = c.get("access");
  const targets = access.targetLms(body.model ?? access.defaultModel);
  const call = messagesCall(body, { isNative: targets.every(({ provider }) => provider === "anthropic") });
  const { model, events, abort } = await startAnswer(c, call);
  const rendered = new MessageEvents({
    id: `msg_${crypto.randomUUID().replaceAll("-", "")}`,
    model,
    places: new CitationPlaces(call.messages),
  });
  return call.stream
    ? await answerResponse(c, { events, frames: messageFrames(rendered, c.get("requestId")), abort, log })
    : c.json(await foldMessage(events, rendered));
}

/** Left out, as `curl` does, it is any. */
function checkVersion(version = OLDEST_VERSION): void {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(version) || version < OLDEST_VERSION) {
    throw new AppError(
      "invalid_request",
      `anthropic-version: expected ${OLDEST_VERSION} or later, got "${version.slice(0, 32)}"`,
      { details: { param: "anthropic-version" } },
    );
  }
}
