import type { AnswerEvent } from "../rag/answer-event.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../shared/json.ts";
import { annotationBody, answeredBy, retrievalFields } from "./answer-body.ts";

export interface CompletionIdentity {
  readonly id: string;
  /** Unix seconds. */
  readonly created: number;
  /** The name the client asked for. */
  readonly model: string;
}

export interface ChatCompletionChunksOptions extends CompletionIdentity {
  /** The client's `stream_options.include_usage`. */
  readonly includeUsage: boolean;
}

type DeltaEvent = Exclude<AnswerEvent, { type: "choice-end" | "usage" | "end" }>;

/**
 * Renders events as `chat.completion.chunk` objects. Every one of them has `choices`, because clients read
 * `chunk.choices[0]` of whatever comes; extensions ride on well-formed chunks.
 *
 * Annotations carry an `index`, counted in each choice, as tool calls do: openai-python's `chat.completions.stream()` puts
 * objects in lists together by it and raises without. openai-node's helper knows only tool calls: it overwrites
 * `message.annotations`, so that the last one survives there. Its plain `stream: true` yields all of them.
 *
 * The last chunk names who answered when that was a fallback. It is known at the end only, so a choice's last chunk waits
 * for what comes next.
 */
export class ChatCompletionChunks {
  readonly #head: JsonObject & Pick<CompletionIdentity, "model">;
  readonly #includeUsage: boolean;
  readonly #opened = new Set<number>();
  /** Annotations sent so far, by choice. */
  readonly #annotationCounts = new Map<number, number>();
  #usage: JsonObject | undefined;
  /** The last chunk of the choice that ended last. */
  #held: JsonObject | undefined;

  constructor({ id, created, model, includeUsage }: ChatCompletionChunksOptions) {
    this.#head = { id, object: "chat.completion.chunk", created, model };
    this.#includeUsage = includeUsage;
  }

  /** Chunks of one event, in order; usually one, often none. */
  render(event: AnswerEvent): readonly JsonObject[] {
    switch (event.type) {
      case "usage":
        this.#usage = event.usage;
        return [];
      case "end":
        return this.#end(answeredBy(event, this.#head));
      case "choice-end": {
        const released = this.#release();
        const chunks = this.#delta(event.choice, {}, { finish_reason: event.finishReason });
        this.#held = chunks.at(-1);
        return [...released, ...chunks.slice(0, -1)];
      }
      case "retrieval-end":
      case "text-delta":
      case "extra-delta":
      case "citation":
        break;
    }
    return [...this.#release(), ...this.#renderDelta(event)];
  }

  #renderDelta(event: DeltaEvent): readonly JsonObject[] {
    switch (event.type) {
      case "retrieval-end":
        return [{ ...this.#open(0), ...retrievalFields(event) }];
      case "text-delta":
        return this.#delta(event.choice, { content: event.text }, { logprobs: event.logprobs ?? null });
      case "extra-delta":
        return this.#extra(event.choice, event.delta);
      case "citation":
        break;
    }
    return this.#delta(event.choice, { annotations: this.#number(event.choice, [annotationBody(event.citation)]) });
  }

  /** What is left: the held chunk, and usage when it was asked for. */
  #end(fallback: JsonObject): readonly JsonObject[] {
    const chunks = [...this.#release()];
    if (this.#includeUsage && this.#usage !== undefined) {
      chunks.push({ ...this.#head, choices: [], usage: this.#usage });
    }
    if (Object.keys(fallback).length === 0) {
      return chunks;
    }
    // An answer whose choices were not ended gets a chunk for the name alone.
    const last = chunks.pop() ?? this.#chunk(0, {});
    return [...chunks, { ...last, ...fallback }];
  }

  #release(): readonly JsonObject[] {
    const held = this.#held;
    this.#held = undefined;
    return held === undefined ? [] : [held];
  }

  /** The chunk that begins a choice: role first, before any text. */
  #open(choice: number): JsonObject {
    this.#opened.add(choice);
    return this.#chunk(choice, { role: "assistant", content: "" });
  }

  #delta(choice: number, delta: JsonObject, fields: Readonly<Record<string, JsonValue>> = {}): readonly JsonObject[] {
    const chunk = this.#chunk(choice, delta, fields);
    return this.#opened.has(choice) ? [chunk] : [this.#open(choice), chunk];
  }

  /** The provider's own opening (`role`) is ours already; the rest (tool calls, refusals, reasoning) passes through. */
  #extra(choice: number, { role: _role, ...delta }: JsonObject): readonly JsonObject[] {
    const { annotations } = delta;
    if (Array.isArray(annotations)) {
      return this.#delta(choice, { ...delta, annotations: this.#number(choice, annotations) });
    }
    if (Object.keys(delta).length > 0) {
      return this.#delta(choice, delta);
    }
    return this.#opened.has(choice) ? [] : [this.#open(choice)];
  }

  /** A provider's own annotations are counted along with ours, whatever index it gave them: the two share one list. */
  #number(choice: number, annotations: readonly JsonValue[]): readonly JsonValue[] {
    const sent = this.#annotationCounts.get(choice) ?? 0;
    this.#annotationCounts.set(choice, sent + annotations.length);
    return annotations.map((annotation, position) =>
      isJsonObject(annotation) ? { ...annotation, index: sent + position } : annotation,
    );
  }

  #chunk(choice: number, delta: JsonObject, fields: Readonly<Record<string, JsonValue>> = {}): JsonObject {
    return { ...this.#head, choices: [{ index: choice, delta, finish_reason: null, ...fields }] };
  }
}
