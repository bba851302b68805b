import type { AnswerEvent } from "../../rag/answer-event.ts";
import type { AnswerPiece } from "../../rag/markless-text.ts";
import type { RetrievedPassage } from "../../retrieval/types.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../../shared/json.ts";
import type { NamedEvent } from "../sse.ts";

type RetrievalEnd = Extract<AnswerEvent, { type: "retrieval-end" }>;

export interface OutputItemsOptions {
  /** Whether the client wants to see what was found. */
  readonly includeResults: boolean;
  /** Name of a passage's file. */
  readonly fileNameOf: (passage: RetrievedPassage) => string;
}

interface OpenMessage {
  readonly kind: "message";
  readonly id: string;
  text: string;
  readonly annotations: JsonObject[];
}

interface OpenCall {
  readonly kind: "call";
  readonly id: string;
  /** The provider's index of the call. */
  readonly key: number;
  readonly callId: JsonValue;
  readonly name: JsonValue;
  input: string;
}

/** The output of one response while it grows, as the events of a stream; `sequence_number` is left to the caller. */
export class OutputItems {
  readonly #options: OutputItemsOptions;
  readonly #done: JsonObject[] = [];
  #passages: readonly RetrievedPassage[] = [];
  #open: OpenMessage | OpenCall | undefined;

  constructor(options: OutputItemsOptions) {
    this.#options = options;
  }

  /** Items that are complete. */
  get items(): readonly JsonObject[] {
    return this.#done;
  }

  *search({ query, outcome, sources = [] }: RetrievalEnd): Generator<NamedEvent> {
    this.#passages = [...sources, ...outcome.passages];
    const id = newId("fs");
    const item = { id, type: "file_search_call", queries: [query] };
    const place = { item_id: id, output_index: this.#done.length };
    yield this.#added({ ...item, status: "in_progress", results: null });
    for (const stage of ["in_progress", "searching", "completed"]) {
      yield { type: `response.file_search_call.${stage}`, ...place };
    }
    const results = this.#options.includeResults ? outcome.passages.map((passage) => this.#result(passage)) : null;
    yield this.#finished({ ...item, status: "completed", results });
  }

  *say(pieces: readonly AnswerPiece[]): Generator<NamedEvent> {
    for (const piece of pieces) {
      if (this.#open?.kind !== "message") {
        yield* this.openMessage();
      }
      const message = this.#open;
      if (message?.kind !== "message") {
        continue;
      }
      const place = { item_id: message.id, output_index: this.#done.length, content_index: 0 };
      if (piece.type === "text") {
        message.text += piece.text;
        yield { type: "response.output_text.delta", ...place, delta: piece.text, logprobs: [] };
        continue;
      }
      const annotation = this.#annotation(piece.citation.passageNumber, message.text.length);
      if (annotation !== undefined) {
        const index = message.annotations.push(annotation) - 1;
        yield { type: "response.output_text.annotation.added", ...place, annotation_index: index, annotation };
      }
    }
  }

  *openMessage(): Generator<NamedEvent> {
    yield* this.close();
    const id = newId("msg");
    const place = { item_id: id, output_index: this.#done.length, content_index: 0 };
    yield this.#added({ id, type: "message", role: "assistant", status: "in_progress", content: [] });
    yield { type: "response.content_part.added", ...place, part: textPart("", []) };
    this.#open = { kind: "message", id, text: "", annotations: [] };
  }

  /** Deltas of tool calls, as OpenAI's chat completions have them. */
  *call(calls: JsonValue | undefined): Generator<NamedEvent> {
    for (const { index, id: callId, function: declared } of Array.isArray(calls) ? calls.filter(isJsonObject) : []) {
      const { name = "", arguments: input } = isJsonObject(declared) ? declared : {};
      const key = typeof index === "number" ? index : 0;
      if (this.#open?.kind !== "call" || this.#open.key !== key) {
        yield* this.close();
        const id = newId("fc");
        this.#open = { kind: "call", id, key, callId: callId ?? newId("call"), name, input: "" };
        yield this.#added(callItem(this.#open, "in_progress"));
      }
      if (typeof input === "string" && input !== "") {
        this.#open.input += input;
        const place = { item_id: this.#open.id, output_index: this.#done.length };
        yield { type: "response.function_call_arguments.delta", ...place, delta: input };
      }
    }
  }

  *close(status: "completed" | "incomplete" = "completed"): Generator<NamedEvent> {
    const open = this.#open;
    this.#open = undefined;
    if (open?.kind === "message") {
      const place = { item_id: open.id, output_index: this.#done.length, content_index: 0 };
      const part = textPart(open.text, open.annotations);
      yield { type: "response.output_text.done", ...place, text: open.text, logprobs: [] };
      yield { type: "response.content_part.done", ...place, part };
      yield this.#finished({ id: open.id, type: "message", role: "assistant", status, content: [part] });
    } else if (open?.kind === "call") {
      const place = { item_id: open.id, output_index: this.#done.length };
      yield {
        type: "response.function_call_arguments.done",
        ...place,
        name: open.name,
        arguments: open.input,
      };
      yield this.#finished(callItem(open, status));
    }
  }

  #added(item: JsonObject): NamedEvent {
    return { type: "response.output_item.added", output_index: this.#done.length, item };
  }

  #finished(item: JsonObject): NamedEvent {
    return { type: "response.output_item.done", output_index: this.#done.push(item) - 1, item };
  }

  #result(found: RetrievedPassage): JsonObject {
    const { passage, score } = found;
    return {
      file_id: passage.documentId,
      filename: this.#options.fileNameOf(found),
      score,
      text: passage.text,
      attributes: passage.metadata,
    };
  }

  #annotation(passageNumber: number, index: number): JsonObject | undefined {
    const found = this.#passages[passageNumber - 1];
    return found === undefined
      ? undefined
      : {
          type: "file_citation",
          index,
          file_id: found.passage.documentId,
          filename: this.#options.fileNameOf(found),
          passage_id: found.passage.id,
          passage_number: passageNumber,
        };
  }
}

function textPart(text: string, annotations: readonly JsonObject[]): JsonObject {
  return { type: "output_text", text, annotations: [...annotations], logprobs: [] };
}

function callItem({ id, callId, name, input }: OpenCall, status: string): JsonObject {
  return { id, type: "function_call", call_id: callId, name, arguments: input, status };
}

function newId(prefix: string): string {
  return `${prefix}_${crypto.randomUUID().replaceAll("-", "")}`;
}
