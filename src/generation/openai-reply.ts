import { z } from "zod";
import { AppError } from "../shared/errors.ts";
import type { JsonObject, JsonValue } from "../shared/json.ts";
import type { GenerationEvent } from "./target-lm.ts";
import { upstreamError } from "./upstream-error.ts";

// Whatever `JSON.parse` returned is JSON: nothing below an object that it made needs another look.
const jsonValue = z.custom<JsonValue>();
const jsonObject = z.custom<JsonObject>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
);

const choiceSchema = z.object({
  index: z.int().min(0).max(1023).nullish(),
  /** `delta` in a stream, `message` in one piece, `text` from legacy completions. */
  delta: jsonObject.nullish(),
  message: jsonObject.nullish(),
  text: z.string().nullish(),
  logprobs: jsonValue.nullish(),
  finish_reason: z.string().nullish(),
});

/** A chat completion, a chunk of one, or their legacy counterparts; only what is read. */
const replySchema = z.object({
  model: z.string().nullish(),
  choices: z.array(choiceSchema).nullish(),
  usage: jsonObject.nullish(),
  error: jsonValue.nullish(),
});

export interface OpenAiReplyReaderOptions {
  /** `target LM "gpt-5"`. */
  readonly label: string;
  /** Used when the provider does not name what answered. */
  readonly model: string;
  readonly redact: (text: string) => string;
}

/** Follows one reply in OpenAI's shape, in one piece or in chunks, and knows whether it is complete. */
export class OpenAiReplyReader {
  readonly #options: OpenAiReplyReaderOptions;
  /** Choice -> whether its end was said. */
  readonly #choices = new Map<number, boolean>();
  #model: string;

  constructor(options: OpenAiReplyReaderOptions) {
    this.#options = options;
    this.#model = options.model;
  }

  /** Events of one chunk. Throws `upstream_malformed`, or the error that the provider sent inside the stream. */
  *read(json: unknown): Generator<GenerationEvent> {
    const { label, redact } = this.#options;
    const parsed = replySchema.safeParse(json);
    if (!parsed.success) {
      const [issue] = parsed.error.issues;
      const problem = `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`;
      throw new AppError("upstream_malformed", `${label} sent a reply that is not a completion (${problem})`);
    }
    const { model, choices, usage, error } = parsed.data;
    if (error !== undefined && error !== null) {
      throw upstreamError({ label, body: JSON.stringify({ error }), redact });
    }
    this.#model = model ?? this.#model;
    for (const choice of choices ?? []) {
      yield* this.#readChoice(choice);
    }
    if (usage !== undefined && usage !== null) {
      yield { type: "usage", usage };
    }
  }

  /**
   * The closing events. `isAnnounced`: the provider said that this is the end. Without that the reply is complete only
   * when every choice has finished (some servers never send `[DONE]`); else throws `upstream_cut`.
   */
  *end(isAnnounced: boolean): Generator<GenerationEvent> {
    const { label } = this.#options;
    const open = [...this.#choices].filter(([, isFinished]) => !isFinished).map(([choice]) => choice);
    if (!isAnnounced && (open.length > 0 || this.#choices.size === 0)) {
      throw new AppError("upstream_cut", `${label} stopped before the end of its answer`, { isRetryable: true });
    }
    if (this.#choices.size === 0) {
      throw new AppError("upstream_malformed", `${label} ended without a single choice`, { isRetryable: true });
    }
    for (const choice of open) {
      yield { type: "choice-end", choice, finishReason: "stop" };
    }
    yield { type: "end", model: this.#model };
  }

  *#readChoice({
    index,
    delta,
    message,
    text,
    logprobs,
    finish_reason: finishReason,
  }: z.infer<typeof choiceSchema>): Generator<GenerationEvent> {
    const choice = index ?? 0;
    if (!this.#choices.has(choice)) {
      this.#choices.set(choice, false);
    }
    const { role: _, content: rawContent, ...extra } = delta ?? withIndices(message ?? {});
    const content = text ?? textOf(rawContent);
    const told = Object.fromEntries(Object.entries(extra).filter(([, value]) => value !== null));
    if (Object.keys(told).length > 0) {
      yield { type: "extra-delta", choice, delta: told };
    }
    if (content !== "" || (logprobs !== undefined && logprobs !== null)) {
      yield {
        type: "text-delta",
        choice,
        text: content,
        ...(logprobs === undefined || logprobs === null ? {} : { logprobs }),
      };
    }
    if (typeof finishReason === "string" && finishReason !== "") {
      this.#choices.set(choice, true);
      yield { type: "choice-end", choice, finishReason };
    }
  }
}

/** A message as a delta: there each tool call says which one it is. */
function withIndices(message: JsonObject): JsonObject {
  const { tool_calls: calls } = message;
  return Array.isArray(calls)
    ? { ...message, tool_calls: calls.map((call: JsonValue, index) => (isObject(call) ? { index, ...call } : call)) }
    : message;
}

function isObject(value: JsonValue): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Some servers (Mistral's reasoning models) send content as parts. */
function textOf(content: JsonValue | undefined): string {
  if (typeof content === "string") {
    return content;
  }
  const parts: readonly JsonValue[] = Array.isArray(content) ? content : [];
  return parts
    .map((part) => (typeof part === "object" && part !== null && "text" in part ? part["text"] : ""))
    .filter((text) => typeof text === "string")
    .join("");
}
