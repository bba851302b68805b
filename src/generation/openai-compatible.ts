import { isJsonObject, type JsonObject } from "../shared/json.ts";
import { completionsBody } from "./completions-body.ts";
import { parseEvent, readEventStream } from "./event-stream.ts";
import { OpenAiReplyReader } from "./openai-reply.ts";
import { parametersFor } from "./parameters-for.ts";
import type { TargetLmConfiguration } from "./target-lm-configuration.ts";
import type { GenerateRequest, GenerationEvent, TargetLm, TargetLmDependencies } from "./target-lm.ts";
import { createUpstreamClient, readJson, type UpstreamReply } from "./upstream-client.ts";

/** Small enough for most models served today; set `context_window` for a larger one. */
const DEFAULT_CONTEXT_WINDOW = 32_768;
const DEFAULT_MAX_OUTPUT_TOKENS = 2_048;

/**
 * Any server that speaks OpenAI's chat completions (or, with `api: "completions"`, the legacy endpoint of base models):
 * OpenAI, vLLM, Ollama, llama.cpp, AI Gateway, Portkey, ... Parameters that we do not own are sent as they came.
 */
export function createOpenAiCompatible(
  name: string,
  configuration: TargetLmConfiguration<"openai-compatible">,
  dependencies: TargetLmDependencies,
): TargetLm {
  const { model, api, usageInStreams, contextWindow, maxOutputTokens } = configuration;
  const call = createUpstreamClient({
    ...configuration,
    name,
    dependencies,
    keyHeader: (key) => ["authorization", `Bearer ${key}`],
  });
  return {
    name,
    provider: configuration.provider,
    canStream: configuration.canStream,
    isGenerative: true,
    passageFormat: "prompt",
    contextWindow: contextWindow ?? DEFAULT_CONTEXT_WINDOW,
    maxOutputTokens: maxOutputTokens ?? DEFAULT_MAX_OUTPUT_TOKENS,
    generate: (request, { signal }) =>
      call(
        api === "chat"
          ? {
              path: "chat/completions",
              body: chatBody(request, { model, usageInStreams }),
              stream: request.stream,
              signal,
            }
          : { path: "completions", body: completionsBody(request, model), stream: request.stream, signal },
        (reply) => readOpenAiReply(reply, model),
      ),
  };
}

interface ChatBodyOptions {
  readonly model: string;
  /** Ask for the usage of streams, whatever the client asks for: tokens are counted by it. */
  readonly usageInStreams: boolean;
}

function chatBody(request: GenerateRequest, { model, usageInStreams }: ChatBodyOptions): JsonObject {
  const { messages, stream, parameters } = request;
  const { stream_options: asked } = parameters;
  const streamOptions = { ...(isJsonObject(asked) ? asked : {}), include_usage: true };
  return {
    ...parametersFor(request),
    ...(stream && usageInStreams ? { stream_options: streamOptions } : {}),
    model,
    messages,
    stream,
  };
}

/** Reads a reply in OpenAI's shape; which of its two forms is the server's choice, and its content type says so. */
async function* readOpenAiReply(reply: UpstreamReply, model: string): AsyncGenerator<GenerationEvent> {
  const { label, redact } = reply;
  const reader = new OpenAiReplyReader({ label, model, redact });
  if (!reply.isEventStream) {
    yield* reader.read(await readJson(reply));
    yield* reader.end(true);
    return;
  }
  for await (const { data } of readEventStream(reply.body, reply.watchdog)) {
    if (data === "[DONE]") {
      yield* reader.end(true);
      return;
    }
    yield* reader.read(parseEvent(data, label));
  }
  yield* reader.end(false);
}
