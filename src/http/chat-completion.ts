import type { AnswerEvent } from "../rag/answer-event.ts";
import { AppError } from "../shared/errors.ts";
import { isJsonObject, type JsonObject, type JsonValue } from "../shared/json.ts";
import { annotationBody, answeredBy, retrievalFields } from "./answer-body.ts";
import type { CompletionIdentity } from "./chat-completion-chunks.ts";
import { mergeDelta } from "./merge-delta.ts";

interface ChoiceState {
  text: string;
  hasText: boolean;
  message: JsonObject;
  logprobs: JsonValue;
  finishReason: string | null;
  readonly annotations: JsonObject[];
}

/** Folds an answer into one `chat.completion` object. Throws what the answer throws. */
export async function chatCompletion(
  events: AsyncIterable<AnswerEvent>,
  { id, created, model }: CompletionIdentity,
): Promise<JsonObject> {
  const choices = new Map<number, ChoiceState>();
  let extensions: JsonObject = {};
  let usage: JsonObject | undefined;
  let fallback: JsonObject | undefined;
  for await (const event of events) {
    switch (event.type) {
      case "retrieval-end":
        extensions = retrievalFields(event);
        break;
      case "usage":
        usage = event.usage;
        break;
      case "end":
        fallback = answeredBy(event, { model });
        break;
      case "text-delta":
      case "extra-delta":
      case "citation":
      case "choice-end":
        foldIntoChoice(choiceState(choices, event.choice), event);
    }
  }
  if (fallback === undefined) {
    throw new AppError("internal", "the answer stopped before its end event");
  }
  return {
    id,
    object: "chat.completion",
    created,
    model,
    choices: [...choices].sort(([left], [right]) => left - right).map(([index, state]) => choiceBody(index, state)),
    ...(usage === undefined ? {} : { usage }),
    ...extensions,
    ...fallback,
  };
}

function choiceState(choices: Map<number, ChoiceState>, index: number): ChoiceState {
  const known = choices.get(index);
  if (known !== undefined) {
    return known;
  }
  const fresh: ChoiceState = {
    text: "",
    hasText: false,
    message: {},
    logprobs: null,
    finishReason: null,
    annotations: [],
  };
  choices.set(index, fresh);
  return fresh;
}

type ChoiceEvent = Extract<AnswerEvent, { choice: number }>;

function foldIntoChoice(state: ChoiceState, event: ChoiceEvent): void {
  switch (event.type) {
    case "text-delta":
      state.text += event.text;
      state.hasText = true;
      if (isJsonObject(event.logprobs)) {
        state.logprobs = mergeDelta(isJsonObject(state.logprobs) ? state.logprobs : {}, event.logprobs);
      }
      break;
    case "extra-delta":
      state.message = mergeDelta(state.message, event.delta);
      break;
    case "citation":
      state.annotations.push(annotationBody(event.citation));
      break;
    case "choice-end":
      state.finishReason = event.finishReason;
      break;
  }
}

function choiceBody(
  index: number,
  { text, hasText, message, logprobs, finishReason, annotations }: ChoiceState,
): JsonObject {
  const { annotations: upstreamAnnotations, ...rest } = message;
  return {
    index,
    message: {
      ...rest,
      role: "assistant",
      // Null beside tool calls, as OpenAI has it; an answer without a word is an empty text.
      content: hasText || rest["tool_calls"] === undefined ? text : null,
      refusal: rest["refusal"] ?? null,
      annotations: [...(Array.isArray(upstreamAnnotations) ? upstreamAnnotations : []), ...annotations],
    },
    logprobs,
    finish_reason: finishReason,
  };
}
