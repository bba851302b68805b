import { z } from "zod";
import { AppError, toAppError } from "../shared/errors.ts";
import type { JsonObject } from "../shared/json.ts";
import { withRetry } from "../shared/retry.ts";
import { parseEvent, readEventStream } from "./event-stream.ts";
import { OpenAiReplyReader } from "./openai-reply.ts";
import { parametersFor } from "./parameters-for.ts";
import type { TargetLmConfiguration } from "./target-lm-configuration.ts";
import type { GenerateRequest, GenerationEvent, TargetLm, TargetLmDependencies } from "./target-lm.ts";
import { upstreamError } from "./upstream-error.ts";
import { createWatchdog, type Watchdog } from "./watchdog.ts";

/** The smallest context among the text models that Workers AI offers; set `context_window` for a larger one. */
const DEFAULT_CONTEXT_WINDOW = 8_192;
const DEFAULT_MAX_OUTPUT_TOKENS = 1_024;

/** A model of Workers AI behind the binding `AI`: no key, no host. */
export function createWorkersAi(
  name: string,
  configuration: TargetLmConfiguration<"workers-ai">,
  dependencies: TargetLmDependencies,
): TargetLm {
  const { provider, model, contextWindow, maxOutputTokens } = configuration;
  return {
    name,
    provider,
    canStream: configuration.canStream,
    isGenerative: true,
    passageFormat: "prompt",
    contextWindow: contextWindow ?? DEFAULT_CONTEXT_WINDOW,
    maxOutputTokens: maxOutputTokens ?? DEFAULT_MAX_OUTPUT_TOKENS,
    generate: async function* generate(request, { signal }) {
      const label = `target LM "${name}"`;
      const { timeoutMs, idleTimeoutMs } = configuration;
      const watchdog = createWatchdog({
        label,
        signal,
        timeoutMs,
        idleTimeoutMs: request.stream ? idleTimeoutMs : undefined,
      });
      try {
        const run = (): Promise<unknown> => runModel(request, { label, model, watchdog, ai: dependencies.ai });
        const reply = await withRetry(run, { signal: watchdog.signal });
        yield* readReply(reply, { label, model, watchdog });
      } finally {
        watchdog.stop();
      }
    },
  };
}

interface WorkersAiContext {
  readonly label: string;
  readonly model: string;
  readonly watchdog: Watchdog;
}

async function runModel(
  request: GenerateRequest,
  { label, model, watchdog, ai }: WorkersAiContext & { readonly ai: TargetLmDependencies["ai"] },
): Promise<unknown> {
  if (ai === undefined) {
    const message = `${label} needs the binding AI; add [ai] binding = "AI" to wrangler.toml`;
    throw new AppError("configuration_invalid", message);
  }
  const { messages, stream } = request;
  const { max_completion_tokens: maxTokens, ...kept } = parametersFor(request);
  const inputs = { ...(maxTokens === undefined ? {} : { max_tokens: maxTokens }), ...kept, messages, stream };
  const { signal } = watchdog;
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => {
    reject(toAppError(signal.reason));
  };
  signal.addEventListener("abort", onAbort, { once: true });
  try {
    signal.throwIfAborted();
    watchdog.touch();
    // Raced as well as passed on: whether a model listens to the signal is up to the platform.
    return await Promise.race([ai.run(model, inputs, { signal }), aborted]);
  } catch (error) {
    watchdog.pause();
    throw error instanceof AppError ? error : bindingError(error, label);
  } finally {
    signal.removeEventListener("abort", onAbort);
  }
}

/** Numbers at the beginning of the binding's error messages, as HTTP would say them. */
const STATUS_OF_CODE: Readonly<Record<string, number>> = {
  "3006": 413, // request too large
  "3007": 408, // timeout
  "3008": 408, // aborted
  "3036": 429, // daily allocation used up
  "3040": 429, // out of capacity
  "3042": 404, // no such model
  "5004": 400, // invalid input
  "5007": 404, // no such model
};

function bindingError(error: unknown, label: string): AppError {
  const body = error instanceof Error ? error.message : String(error);
  const status = STATUS_OF_CODE[/\b(\d{4}):/u.exec(body)?.[1] ?? ""];
  return upstreamError({ label, status, body, redact: (text) => text });
}

async function* readReply(
  reply: unknown,
  { label, model, watchdog }: WorkersAiContext,
): AsyncGenerator<GenerationEvent, void, void> {
  const reader = new OpenAiReplyReader({ label, model, redact: (text) => text });
  if (!(reply instanceof ReadableStream)) {
    yield* reader.read(toOpenAiReply(reply));
    yield* reader.end(true);
    return;
  }
  for await (const { data } of readEventStream(reply, watchdog)) {
    if (data === "[DONE]") {
      yield* reader.end(true);
      return;
    }
    yield* reader.read(toOpenAiReply(parseEvent(data, label)));
  }
  yield* reader.end(false);
}

/** The form of Workers AI's own; newer models answer in OpenAI's. */
const ownReplySchema = z.object({
  response: z.unknown().optional(),
  tool_calls: z.array(z.object({ name: z.string(), arguments: z.unknown().optional() })).nullish(),
  usage: z.custom<JsonObject>().nullish(),
});

function toOpenAiReply(json: unknown): unknown {
  if (typeof json !== "object" || json === null || "choices" in json || !("response" in json)) {
    return json;
  }
  const parsed = ownReplySchema.safeParse(json);
  if (!parsed.success) {
    return json;
  }
  const { response, tool_calls: toolCalls, usage } = parsed.data;
  const calls = (toolCalls ?? []).map(({ name, arguments: input }, index) => ({
    index,
    id: `call_${index}`,
    type: "function",
    function: { name, arguments: typeof input === "string" ? input : JSON.stringify(input ?? {}) },
  }));
  // With `response_format` the answer is an object; numbers are streamed as numbers by some models.
  const content = typeof response === "string" ? response : JSON.stringify(response ?? "");
  return {
    choices: [
      {
        index: 0,
        delta: { content: response === null ? "" : content, ...(calls.length === 0 ? {} : { tool_calls: calls }) },
        ...(calls.length === 0 ? {} : { finish_reason: "tool_calls" }),
      },
    ],
    usage,
  };
}
