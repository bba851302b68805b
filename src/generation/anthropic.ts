import { AnthropicReplyReader, type AnthropicReplyReaderOptions } from "./anthropic/reply-reader.ts";
import { anthropicBody } from "./anthropic/request-body.ts";
import { firstNumbers, passageAsSearchResult } from "./anthropic/search-results.ts";
import { parseEvent, readEventStream } from "./event-stream.ts";
import type { TargetLmConfiguration } from "./target-lm-configuration.ts";
import type { GenerationEvent, TargetLm, TargetLmDependencies } from "./target-lm.ts";
import { createUpstreamClient, readJson, type UpstreamReply } from "./upstream-client.ts";

const DEFAULT_CONTEXT_WINDOW = 200_000;
/** Also what is asked for when the client does not say: Messages requires `max_tokens`. */
const DEFAULT_MAX_OUTPUT_TOKENS = 4_096;
const API_VERSION = "2023-06-01";

/** Anthropic's Messages API. Passages go into the prompt, or (`passage_format: "native"`) as `search_result` blocks. */
export function createAnthropic(
  name: string,
  configuration: TargetLmConfiguration<"anthropic">,
  dependencies: TargetLmDependencies,
): TargetLm {
  const { model, passageFormat, contextWindow, maxOutputTokens = DEFAULT_MAX_OUTPUT_TOKENS } = configuration;
  const call = createUpstreamClient({
    ...configuration,
    headers: { "anthropic-version": API_VERSION, ...configuration.headers },
    name,
    dependencies,
    keyHeader: (key) => ["x-api-key", key],
  });
  return {
    name,
    provider: configuration.provider,
    canStream: configuration.canStream,
    isGenerative: true,
    passageFormat,
    contextWindow: contextWindow ?? DEFAULT_CONTEXT_WINDOW,
    maxOutputTokens,
    generate: async function* generate(request, { signal }) {
      const { passages, sourceCount = 0, stream } = request;
      const ours = passageFormat === "native" ? passages.slice(sourceCount).map(passageAsSearchResult) : [];
      const body = anthropicBody(request, { name, model, searchResults: ours, maxTokens: maxOutputTokens });
      const citationNumbers = firstNumbers(body, { ours, sourceCount });
      yield* call({ path: "messages", body, stream, signal }, (reply) => readReply(reply, { model, citationNumbers }));
    },
  };
}

async function* readReply(
  reply: UpstreamReply,
  options: Pick<AnthropicReplyReaderOptions, "model" | "citationNumbers">,
): AsyncGenerator<GenerationEvent, void, void> {
  const { label, redact } = reply;
  const reader = new AnthropicReplyReader({ label, redact, ...options });
  if (!reply.isEventStream) {
    yield* reader.readMessage(await readJson(reply));
    return;
  }
  for await (const { data } of readEventStream(reply.body, reply.watchdog)) {
    yield* reader.readEvent(parseEvent(data, label));
    if (reader.isComplete) {
      return;
    }
  }
  reader.assertComplete();
}
