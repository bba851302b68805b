import type { AnswerEvent } from "../../rag/answer-event.ts";
import { MarklessText } from "../../rag/markless-text.ts";
import type { AppError } from "../../shared/errors.ts";
import type { JsonObject } from "../../shared/json.ts";
import { answeredBy, retrievalFields } from "../answer-body.ts";
import { errorBody, errorStatus } from "../error-response.ts";
import type { NamedEvent } from "../sse.ts";
import { OutputItems, type OutputItemsOptions } from "./output-items.ts";
import { responseUsage } from "./response-body.ts";

export interface ResponseEventsOptions extends OutputItemsOptions {
  /** See `responseBody`. */
  readonly body: JsonObject;
  readonly model: string;
}

/** Why an answer may be incomplete, by how its choice ended. */
const INCOMPLETE: Readonly<Record<string, string | undefined>> = {
  length: "max_output_tokens",
  content_filter: "content_filter",
};

/**
 * Renders events as those of OpenAI's Responses stream. The search is an item of the output; text has no marks, its citations
 * are annotations at the place where they stood.
 */
export class ResponseEvents {
  readonly #items: OutputItems;
  readonly #markless = new MarklessText();
  readonly #model: string;
  #body: JsonObject;
  #sequence = 0;
  #isStarted = false;
  #incomplete: string | undefined;

  constructor({ body, model, ...options }: ResponseEventsOptions) {
    this.#body = body;
    this.#model = model;
    this.#items = new OutputItems(options);
  }

  /** Events of one event, in order; often none. */
  render(event: AnswerEvent): readonly NamedEvent[] {
    return this.#numbered(this.#render(event));
  }

  /** How a response says that it failed: as itself, then as the error that clients raise. */
  fail(error: AppError): readonly NamedEvent[] {
    const { message, code, param } = errorBody(error).error;
    const isLimited = errorStatus(error) === 429;
    const failure = { code: isLimited ? "rate_limit_exceeded" : "server_error", message };
    this.#body = { ...this.#body, status: "failed", error: failure, output: this.#items.items };
    return this.#numbered([
      { type: "response.failed", response: this.#body },
      { type: "error", code, message, param },
    ]);
  }

  *#render(event: AnswerEvent): Generator<NamedEvent> {
    if (!this.#isStarted) {
      this.#isStarted = true;
      yield { type: "response.created", response: this.#body };
      yield { type: "response.in_progress", response: this.#body };
    }
    switch (event.type) {
      case "retrieval-end":
        this.#body = { ...this.#body, retrieval: retrievalFields(event)["retrieval"] ?? null };
        yield* this.#items.search(event);
        return;
      case "text-delta":
        yield* event.choice === 0 ? this.#items.say(this.#markless.push(event.text)) : [];
        return;
      case "citation":
        yield* event.choice === 0 ? this.#items.say(this.#markless.cite(event.citation)) : [];
        return;
      case "extra-delta":
        yield* this.#extra(event.delta);
        return;
      case "choice-end":
        yield* this.#items.say(this.#markless.end());
        this.#incomplete = INCOMPLETE[event.finishReason];
        return;
      case "usage":
        this.#body = { ...this.#body, usage: responseUsage(event.usage) };
        return;
      case "end":
        yield* this.#end(event);
    }
  }

  *#extra({ tool_calls: calls, refusal }: JsonObject): Generator<NamedEvent> {
    if (typeof refusal === "string") {
      yield* this.#items.say(this.#markless.push(refusal));
    }
    if (calls !== undefined) {
      yield* this.#items.say(this.#markless.end());
      yield* this.#items.call(calls);
    }
  }

  *#end(event: Extract<AnswerEvent, { type: "end" }>): Generator<NamedEvent> {
    const status = this.#incomplete === undefined ? "completed" : "incomplete";
    yield* this.#items.say(this.#markless.end());
    yield* this.#items.close(status);
    if (this.#items.items.every(({ type }) => type === "file_search_call")) {
      // An answer without a word is an empty text.
      yield* this.#items.openMessage();
      yield* this.#items.close(status);
    }
    this.#body = {
      ...this.#body,
      status,
      output: this.#items.items,
      ...(this.#incomplete === undefined ? {} : { incomplete_details: { reason: this.#incomplete } }),
      ...answeredBy(event, { model: this.#model }),
    };
    yield { type: `response.${status}`, response: this.#body };
  }

  #numbered(events: Iterable<NamedEvent>): readonly NamedEvent[] {
    return Array.from(events, (event) => ({ ...event, sequence_number: this.#sequence++ }));
  }
}
