import type { AnswerEvent } from "../../rag/answer-event.ts";
import { type AnswerPiece, MarklessText } from "../../rag/markless-text.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../shared/json.ts";
import { answeredBy, retrievalFields } from "../answer-body.ts";
import type { NamedEvent } from "../sse.ts";
import type { CitationPlaces } from "./citation-places.ts";
import { messageUsage, NO_MESSAGE_USAGE } from "./message-usage.ts";

export interface MessageIdentity {
  readonly id: string;
  /** The name the client asked for. */
  readonly model: string;
}

export interface MessageEventsOptions extends MessageIdentity {
  readonly places: CitationPlaces;
}

type BlockType = "text" | "thinking" | "tool_use";

const STOP_REASONS: Readonly<Record<string, string | undefined>> = {
  stop: "end_turn",
  length: "max_tokens",
  tool_calls: "tool_use",
  function_call: "tool_use",
  content_filter: "refusal",
};

/**
 * Renders events as those of Anthropic's stream. Text has no marks: what is cited is a text block of its own, with the
 * citations in it. What was retrieved is in `message_start`, as `message.retrieval`.
 */
export class MessageEvents {
  readonly #identity: MessageIdentity;
  readonly #places: CitationPlaces;
  readonly #markless = new MarklessText();
  /** Block of each tool call, by the provider's index of the call. */
  readonly #toolBlocks = new Map<number, number>();
  #isStarted = false;
  #blockCount = 0;
  #openType: BlockType | undefined;
  /** The open block has citations: what is said next is another block. */
  #isCited = false;
  #usage: JsonObject = NO_MESSAGE_USAGE;
  #stop: JsonObject = { stop_reason: "end_turn", stop_sequence: null };

  constructor({ places, ...identity }: MessageEventsOptions) {
    this.#identity = identity;
    this.#places = places;
  }

  /** Events of one event, in order; often none. */
  render(event: AnswerEvent): readonly NamedEvent[] {
    return [...this.#render(event)];
  }

  *#render(event: AnswerEvent): Generator<NamedEvent> {
    if (event.type === "retrieval-end") {
      this.#places.addPassages(event.outcome.passages);
      yield* this.#start({ retrieval: retrievalFields(event)["retrieval"] ?? null });
      return;
    }
    yield* this.#start();
    switch (event.type) {
      case "text-delta":
        yield* this.#say(event.choice === 0 ? this.#markless.push(event.text) : []);
        return;
      case "citation":
        yield* this.#say(event.choice === 0 ? this.#markless.cite(event.citation) : []);
        return;
      case "extra-delta":
        yield* this.#say(this.#markless.end());
        yield* this.#extra(event.delta);
        return;
      case "choice-end": {
        const { finishReason, stopSequence } = event;
        yield* this.#say(this.#markless.end());
        this.#stop = {
          stop_reason: stopSequence === undefined ? (STOP_REASONS[finishReason] ?? "end_turn") : "stop_sequence",
          stop_sequence: stopSequence ?? null,
        };
        return;
      }
      case "usage":
        this.#usage = messageUsage(event.usage);
        return;
      case "end":
        yield* this.#say(this.#markless.end());
        yield* this.#closeBlock();
        yield { type: "message_delta", delta: this.#stop, usage: this.#usage, ...answeredBy(event, this.#identity) };
        yield { type: "message_stop" };
    }
  }

  *#start(extensions: JsonObject = {}): Generator<NamedEvent> {
    if (this.#isStarted) {
      return;
    }
    this.#isStarted = true;
    const { id, model } = this.#identity;
    const message = {
      id,
      type: "message",
      role: "assistant",
      model,
      content: [],
      stop_reason: null,
      stop_sequence: null,
    };
    // What was counted is known at the end: `message_delta` has it.
    yield { type: "message_start", message: { ...message, usage: NO_MESSAGE_USAGE, ...extensions } };
    yield { type: "ping" };
  }

  *#say(pieces: readonly AnswerPiece[]): Generator<NamedEvent> {
    for (const piece of pieces) {
      if (piece.type === "text") {
        yield* this.#text(piece.text);
        continue;
      }
      const citation = this.#places.of(piece.citation.passageNumber);
      if (citation !== undefined) {
        yield* this.#openType === "text" ? [] : this.#openBlock("text", { text: "", citations: null });
        yield this.#delta({ type: "citations_delta", citation });
        this.#isCited = true;
      }
    }
  }

  *#text(text: string): Generator<NamedEvent> {
    if (this.#openType !== "text" || this.#isCited) {
      yield* this.#openBlock("text", { text: "", citations: null });
    }
    yield this.#delta({ type: "text_delta", text });
  }

  *#extra(delta: JsonObject): Generator<NamedEvent> {
    const { reasoning_content: content, reasoning, reasoning_signature: signature, redacted_thinking: data } = delta;
    const thought = content ?? reasoning;
    if (typeof data === "string") {
      yield* this.#closeBlock();
      const index = this.#blockCount++;
      yield { type: "content_block_start", index, content_block: { type: "redacted_thinking", data } };
      yield { type: "content_block_stop", index };
    }
    if (typeof thought === "string" || typeof signature === "string") {
      yield* this.#openType === "thinking" ? [] : this.#openBlock("thinking", { thinking: "", signature: "" });
    }
    if (typeof thought === "string") {
      yield this.#delta({ type: "thinking_delta", thinking: thought });
    }
    if (typeof signature === "string") {
      yield this.#delta({ type: "signature_delta", signature });
    }
    if (typeof delta["refusal"] === "string") {
      yield* this.#text(delta["refusal"]);
    }
    yield* this.#toolCalls(delta["tool_calls"]);
  }

  *#toolCalls(calls: JsonValue | undefined): Generator<NamedEvent> {
    for (const call of Array.isArray(calls) ? calls.filter(isJsonObject) : []) {
      const { index: place, id, function: declared } = call;
      const { name, arguments: input } = isJsonObject(declared) ? declared : {};
      const key = typeof place === "number" ? place : 0;
      if (!this.#toolBlocks.has(key)) {
        const given = { id: id ?? `toolu_${crypto.randomUUID().replaceAll("-", "")}`, name: name ?? "", input: {} };
        yield* this.#openBlock("tool_use", given);
        this.#toolBlocks.set(key, this.#blockCount - 1);
      }
      if (typeof input === "string" && input !== "") {
        const index = this.#toolBlocks.get(key) ?? 0;
        yield { type: "content_block_delta", index, delta: { type: "input_json_delta", partial_json: input } };
      }
    }
  }

  *#openBlock(type: BlockType, fields: JsonObject): Generator<NamedEvent> {
    yield* this.#closeBlock();
    this.#openType = type;
    this.#isCited = false;
    yield { type: "content_block_start", index: this.#blockCount++, content_block: { type, ...fields } };
  }

  *#closeBlock(): Generator<NamedEvent> {
    if (this.#openType !== undefined) {
      this.#openType = undefined;
      yield { type: "content_block_stop", index: this.#blockCount - 1 };
    }
  }

  #delta(delta: JsonObject): NamedEvent {
    return { type: "content_block_delta", index: this.#blockCount - 1, delta };
  }
}
