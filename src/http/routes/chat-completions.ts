import type { OpenAPIHono } from "@hono/zod-openapi";
import { z } from "@hono/zod-openapi";
import { textOfContent } from "../../generation/message-text.ts";
import type { AnswerEvent } from "../../rag/answer-event.ts";
import type { AnswerRetrieval } from "../../rag/answer-query.ts";
import { clampTopK } from "../../retrieval/clamp-top-k.ts";
import { AppError } from "../../shared/errors.ts";
import type { Access } from "../access.ts";
import { answeredBy } from "../answer-body.ts";
import { answerHead } from "../answer-head.ts";
import type { RouteDependencies } from "../app-dependencies.ts";
import { ChatCompletionChunks, type CompletionIdentity } from "../chat-completion-chunks.ts";
import { chatCompletionStream } from "../chat-completion-stream.ts";
import { chatCompletion } from "../chat-completion.ts";
import { chatRequest, type ChatRequest } from "../chat-request.ts";
import { findCollection } from "../find-collection.ts";
import type { HttpContext, HttpEnvironment } from "../http-context.ts";
import { readJson } from "../read-json.ts";
import { chatCompletionRequestSchema, chatCompletionResponseSchema } from "../schemas/chat-completion.ts";
import { jsonRoute } from "../schemas/json-route.ts";
import { querySideOf } from "../schemas/retrieval.ts";
import { timedEvents } from "../timed-events.ts";

/** Far more than a question; what is longer is a document, and searching for a document finds anything. */
const MAX_QUESTION_CHARACTERS = 32_768;

/** Passages of an answer when the client does not say: what a small model reads without losing the question. */
const DEFAULT_TOP_K = 5;

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

async function chatCompletions(c: HttpContext, dependencies: RouteDependencies): Promise<Response> {
  const request = chatRequest(await readJson(c.req.raw, { schema: chatCompletionRequestSchema }));
  const access = c.get("access");
  const model = request.model ?? access.defaultModel;
  const targets = access.targetLms(model);
  if (request.stream && !targets[0].canStream) {
    throw new AppError("stream_unsupported", `model "${model}" cannot stream; send \`"stream": false\``, {
      details: { param: "stream" },
    });
  }
  const abort = new AbortController();
  const events = access.answer({
    targets,
    messages: request.messages,
    parameters: request.parameters,
    stream: request.stream,
    retrieval: await answerRetrieval({ ...request, model }, access, c.get("requestId")),
    signal: AbortSignal.any([c.req.raw.signal, abort.signal]),
  });
  const identity: CompletionIdentity = {
    id: `chatcmpl-${crypto.randomUUID().replaceAll("-", "")}`,
    created: Math.floor(Date.now() / 1000),
    model,
  };
  c.set("logFields", { model, stream: request.stream });
  const timed = withFallbackLogged(timedEvents(events, c.get("timings")), { model, logFields: c.get("logFields") });
  if (!request.stream) {
    return c.json(await chatCompletion(timed, identity));
  }
  return streamed(c, {
    log: dependencies.log,
    body: {
      events: await answerHead(timed),
      chunks: new ChatCompletionChunks({ ...identity, includeUsage: request.includeUsage }),
      abort: () => abort.abort(),
    },
  });
}

interface FallbackLogOptions {
  readonly model: string;
  readonly logFields: HttpContext["var"]["logFields"];
}

/** Passes events on; when a fallback has answered, its name joins the log line. */
async function* withFallbackLogged(
  events: AsyncGenerator<AnswerEvent>,
  { model, logFields }: FallbackLogOptions,
): AsyncGenerator<AnswerEvent> {
  for await (const event of events) {
    if (event.type === "end") {
      Object.assign(logFields, answeredBy(event, { model }));
    }
    yield event;
  }
}

interface StreamedOptions {
  readonly log: RouteDependencies["log"];
  readonly body: Omit<Parameters<typeof chatCompletionStream>[0], "onEnd">;
}

function streamed(c: HttpContext, { log, body }: StreamedOptions): Response {
  const requestId = c.get("requestId");
  const timings = c.get("timings");
  const logFields = c.get("logFields");
  const stream = chatCompletionStream({
    ...body,
    // The access log line of a stream is written at its first byte; how it ended is known here only.
    onEnd: (error) =>
      log({
        event: "stream-end",
        request_id: requestId,
        duration_ms: timings.elapsed(),
        ...logFields,
        ...(error === undefined ? {} : { error_code: error.code }),
      }),
  });
  return new Response(stream, {
    headers: {
      "content-type": "text/event-stream; charset=utf-8",
      // Compression collects bytes, and miniflare's loses the news that the client went away.
      "content-encoding": "identity",
      // `no-transform` and nginx's switch keep proxies from collecting a stream before they pass it on.
      "cache-control": "no-cache, no-transform",
      "x-accel-buffering": "no",
    },
  });
}

async function answerRetrieval(
  { messages, retrieval, collectionParam, model }: ChatRequest & { readonly model: string },
  { defaultCollection, store }: Access,
  requestId: string,
): Promise<AnswerRetrieval | false> {
  if (retrieval === false) {
    return false;
  }
  const { collection, top_k, filter, mode, min_score, on_error, query, rewrite } = retrieval ?? {};
  if (query === undefined) {
    checkQuestion(messages);
  }
  return {
    ...clampTopK(top_k ?? DEFAULT_TOP_K),
    collection: await findCollection(store, {
      name: collection ?? defaultCollection,
      param: collectionParam,
    }),
    mode: mode ?? "hybrid",
    onError: on_error ?? "degrade",
    querySide: querySideOf(retrieval ?? {}),
    model,
    requestId,
    ...(filter === undefined ? {} : { filter }),
    ...(min_score === undefined ? {} : { minScore: min_score }),
    ...(query === undefined ? {} : { query }),
    ...(rewrite === undefined ? {} : { rewrite }),
  };
}

function checkQuestion(messages: ChatRequest["messages"]): void {
  const question = textOfContent(messages.findLast(({ role }) => role === "user")?.content ?? null);
  if (question.length > MAX_QUESTION_CHARACTERS) {
    throw new AppError(
      "query_too_long",
      `messages: the last user message has ${question.length} characters, at most ${MAX_QUESTION_CHARACTERS} can be searched for; say what to search for in \`retrieval.query\`, or switch retrieval off with \`"retrieval": false\``,
      { details: { param: "messages" } },
    );
  }
}
