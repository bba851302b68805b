import { z } from "zod";
import { AppError } from "../../shared/errors.ts";
import type { JsonObject } from "../../shared/json.ts";
import type { GenerationEvent } from "../target-lm.ts";
import { upstreamError } from "../upstream-error.ts";

const citationSchema = z.object({
  type: z.string(),
  cited_text: z.string().nullish(),
  search_result_index: z.int().min(0).nullish(),
  start_block_index: z.int().min(0).nullish(),
  end_block_index: z.int().min(0).max(10_000).nullish(),
});

const blockSchema = z.object({
  type: z.string(),
  text: z.string().nullish(),
  thinking: z.string().nullish(),
  signature: z.string().nullish(),
  data: z.string().nullish(),
  id: z.string().nullish(),
  name: z.string().nullish(),
  input: z.unknown().optional(),
  citations: z.array(citationSchema).nullish(),
});

const usageSchema = z.object({
  input_tokens: z.number().nullish(),
  output_tokens: z.number().nullish(),
  cache_read_input_tokens: z.number().nullish(),
  cache_creation_input_tokens: z.number().nullish(),
});

const messageSchema = z.object({
  model: z.string().nullish(),
  content: z.array(blockSchema),
  stop_reason: z.string().nullish(),
  stop_sequence: z.string().nullish(),
  usage: usageSchema.nullish(),
});

/** Events of a stream; kinds that are not named here (ping, and those to come) are let pass. */
const eventSchema = z.object({
  type: z.string(),
  index: z.int().min(0).nullish(),
  message: messageSchema.partial().nullish(),
  content_block: blockSchema.nullish(),
  delta: z
    .object({
      type: z.string().nullish(),
      text: z.string().nullish(),
      thinking: z.string().nullish(),
      signature: z.string().nullish(),
      partial_json: z.string().nullish(),
      citation: citationSchema.nullish(),
      stop_reason: z.string().nullish(),
      stop_sequence: z.string().nullish(),
    })
    .nullish(),
  usage: usageSchema.nullish(),
  error: z.unknown().optional(),
});

type AnthropicEvent = z.infer<typeof eventSchema>;
type Citation = z.infer<typeof citationSchema>;
type StopFields = Pick<NonNullable<AnthropicEvent["delta"]>, "stop_reason" | "stop_sequence">;
type Usage = z.infer<typeof usageSchema>;

const FINISH_REASONS: Readonly<Record<string, string>> = {
  end_turn: "stop",
  stop_sequence: "stop",
  pause_turn: "stop",
  max_tokens: "length",
  model_context_window_exceeded: "length",
  tool_use: "tool_calls",
  refusal: "content_filter",
};

export interface AnthropicReplyReaderOptions {
  /** `target LM "claude"`. */
  readonly label: string;
  readonly model: string;
  /** By search result of the request: the citation number of its first block. */
  readonly citationNumbers: readonly number[];
  readonly redact: (text: string) => string;
}

/** Follows one reply of the Messages API, whole or as events, and knows whether it is complete. */
export class AnthropicReplyReader {
  readonly #options: AnthropicReplyReaderOptions;
  /** Content block -> index of its tool call; OpenAI counts tool calls only. */
  readonly #toolCalls = new Map<number, number>();
  /** Citations of the open block: they arrive before its text ends, and their mark belongs after it. */
  #citations: Citation[] = [];
  #model: string;
  #stopReason = "";
  #stopSequence: string | undefined;
  #usage: Usage = {};
  #isComplete = false;

  constructor(options: AnthropicReplyReaderOptions) {
    this.#options = options;
    this.#model = options.model;
  }

  /** Whether the provider said its last word. */
  get isComplete(): boolean {
    return this.#isComplete;
  }

  /** Throws `upstream_cut` unless it did. */
  assertComplete(): void {
    if (!this.#isComplete) {
      const message = `${this.#options.label} stopped before the end of its answer`;
      throw new AppError("upstream_cut", message, { isRetryable: true });
    }
  }

  /** Events of a reply in one piece. */
  *readMessage(json: unknown): Generator<GenerationEvent> {
    const { model, content, usage, ...stop } = this.#parse(messageSchema, json);
    this.#model = model ?? this.#model;
    this.#readStop(stop);
    this.#usage = usage ?? {};
    for (const [index, block] of content.entries()) {
      yield* this.#startBlock(index, block);
      if (block.type === "tool_use") {
        yield this.#toolDelta(index, { arguments: JSON.stringify(block.input ?? {}) });
      }
      this.#citations = block.citations ?? [];
      yield* this.#endBlock();
    }
    yield* this.#end();
  }

  /** Events of one event of a stream. Throws the error that the provider sent inside the stream. */
  *readEvent(json: unknown): Generator<GenerationEvent> {
    const event = this.#parse(eventSchema, json);
    const index = event.index ?? 0;
    switch (event.type) {
      case "message_start":
        this.#model = event.message?.model ?? this.#model;
        this.#usage = event.message?.usage ?? {};
        return;
      case "content_block_start":
        yield* event.content_block ? this.#startBlock(index, event.content_block) : [];
        return;
      case "content_block_delta":
        yield* this.#readDelta(index, event.delta);
        return;
      case "content_block_stop":
        yield* this.#endBlock();
        return;
      case "message_delta":
        this.#readStop(event.delta ?? {});
        // Its counts are cumulative, and it leaves out what has not changed.
        this.#usage = { ...this.#usage, ...withoutNull(event.usage ?? {}) };
        return;
      case "message_stop":
        yield* this.#end();
        return;
      case "error": {
        const { label, redact } = this.#options;
        throw upstreamError({ label, body: JSON.stringify({ error: event.error ?? "" }), redact });
      }
      default:
    }
  }

  #readStop({ stop_reason: reason, stop_sequence: sequence }: StopFields): void {
    this.#stopReason = reason ?? this.#stopReason;
    this.#stopSequence = sequence ?? this.#stopSequence;
  }

  *#startBlock(
    index: number,
    { type, text, thinking, signature, data, id, name }: z.infer<typeof blockSchema>,
  ): Generator<GenerationEvent> {
    this.#citations = [];
    if (type === "redacted_thinking" && data) {
      yield { type: "extra-delta", choice: 0, delta: { redacted_thinking: data } };
    }
    if (type === "tool_use") {
      this.#toolCalls.set(index, this.#toolCalls.size);
      yield this.#toolDelta(index, { name: name ?? "", arguments: "" }, { id: id ?? "", type: "function" });
    }
    yield* this.#readDelta(index, { text, thinking, signature });
  }

  *#readDelta(index: number, delta: AnthropicEvent["delta"]): Generator<GenerationEvent> {
    const { text, thinking, signature, partial_json: json, citation } = delta ?? {};
    if (text) {
      yield { type: "text-delta", choice: 0, text };
    }
    if (thinking) {
      yield { type: "extra-delta", choice: 0, delta: { reasoning_content: thinking } };
    }
    if (signature) {
      // Proves to the provider, when it comes back, that the thinking is its own.
      yield { type: "extra-delta", choice: 0, delta: { reasoning_signature: signature } };
    }
    if (json) {
      yield this.#toolDelta(index, { arguments: json });
    }
    if (citation) {
      this.#citations.push(citation);
    }
  }

  *#endBlock(): Generator<GenerationEvent> {
    const cited = new Map<number, Citation>();
    for (const citation of this.#citations) {
      for (const number of this.#numbersOf(citation)) {
        cited.set(number, citation);
      }
    }
    this.#citations = [];
    for (const [passageNumber, { cited_text: citedText }] of cited) {
      yield { type: "native-citation", choice: 0, passageNumber, ...(citedText ? { citedText } : {}) };
    }
  }

  /** One for each block that is cited. */
  #numbersOf(citation: Citation): readonly number[] {
    const { type, search_result_index: index, start_block_index: start, end_block_index: end } = citation;
    const first = this.#options.citationNumbers[index ?? -1];
    if (type !== "search_result_location" || first === undefined) {
      return [];
    }
    const from = start ?? 0;
    return Array.from({ length: Math.max(1, (end ?? 0) - from) }, (_block, offset) => first + from + offset);
  }

  *#end(): Generator<GenerationEvent> {
    this.#isComplete = true;
    yield {
      type: "choice-end",
      choice: 0,
      finishReason: FINISH_REASONS[this.#stopReason] ?? "stop",
      ...(this.#stopSequence === undefined ? {} : { stopSequence: this.#stopSequence }),
    };
    yield { type: "usage", usage: openAiUsage(this.#usage) };
    yield { type: "end", model: this.#model };
  }

  #toolDelta(index: number, declared: JsonObject, head: JsonObject = {}): GenerationEvent {
    const call = { index: this.#toolCalls.get(index) ?? 0, ...head, function: declared };
    return { type: "extra-delta", choice: 0, delta: { tool_calls: [call] } };
  }

  #parse<Output>(schema: z.ZodType<Output>, json: unknown): Output {
    const parsed = schema.safeParse(json);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const problem = `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`;
      throw new AppError("upstream_malformed", `${this.#options.label} sent what is not a message (${problem})`);
    }
    return parsed.data;
  }
}

function withoutNull(usage: Usage): Usage {
  return Object.fromEntries(Object.entries(usage).filter(([, value]) => value !== null && value !== undefined));
}

function openAiUsage(usage: Usage): JsonObject {
  const cached = usage.cache_read_input_tokens ?? 0;
  const written = usage.cache_creation_input_tokens ?? 0;
  const prompt = (usage.input_tokens ?? 0) + cached + written;
  const completion = usage.output_tokens ?? 0;
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    ...(cached + written > 0
      ? { prompt_tokens_details: { cached_tokens: cached, ...(written > 0 ? { cache_creation_tokens: written } : {}) } }
      : {}),
  };
}
