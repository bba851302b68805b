import type { Encoder } from "../encoder/encoder.ts";
import type { RetrievedPassage } from "../retrieval/types.ts";
import type { JsonObject, JsonValue } from "../shared/json.ts";

/** A chat message in OpenAI's shape. Fields that we do not own (tool calls, names, refusals) pass through. */
export interface ChatMessage extends JsonObject {
  readonly role: string;
  /** Text, parts (text, image, ...) or null beside tool calls. */
  readonly content: string | readonly JsonObject[] | null;
}

export interface GenerateRequest {
  /** Already augmented, unless `passageFormat` of the target is `native`. */
  readonly messages: readonly ChatMessage[];
  /** The question that was retrieved for; empty when retrieval was off. */
  readonly query: string;
  /** Passages in the order of their citation numbers (first is 1). */
  readonly passages: readonly RetrievedPassage[];
  /** How many of them, the first ones, stand in the messages already: see `sourcesOf`. Default 0. */
  readonly sourceCount?: number;
  /** Whether to ask the provider for a stream. */
  readonly stream: boolean;
  /** Request parameters that we do not own (temperature, tools, logprobs, n, seed, ...), as the client sent them. */
  readonly parameters: JsonObject;
}

/** What a target LM says, in order. After `end` nothing follows; a failure is thrown as an `AppError`. */
export type GenerationEvent =
  | { readonly type: "text-delta"; readonly choice: number; readonly text: string; readonly logprobs?: JsonValue }
  /** Fields of a delta or message other than `content` and `role` (tool_calls, refusal, reasoning_content, ...). */
  | { readonly type: "extra-delta"; readonly choice: number; readonly delta: JsonObject }
  /** A citation that the provider itself made (native search results); `passageNumber` counts from 1. */
  | {
      readonly type: "native-citation";
      readonly choice: number;
      readonly passageNumber: number;
      readonly citedText?: string;
    }
  | ChoiceEnd
  | { readonly type: "usage"; readonly usage: JsonObject }
  | { readonly type: "end"; readonly model: string };

/** The end of one choice. */
export interface ChoiceEnd {
  readonly type: "choice-end";
  readonly choice: number;
  /** In OpenAI's words. */
  readonly finishReason: string;
  /** The client's stop sequence that ended it, where the provider says which. */
  readonly stopSequence?: string;
}

/** A language model that answers. Implementations: one file each in this folder and one line in the registry. */
export interface TargetLm {
  /** The name clients put in `model`. */
  readonly name: string;
  readonly provider: string;
  readonly canStream: boolean;
  /** Whether it writes text of its own, so that it can be asked to rewrite a query. False for `extractive`. */
  readonly isGenerative: boolean;
  /** Tokens of its context, question and answer included. */
  readonly contextWindow: number;
  /** Tokens kept free for the answer when the request does not say. */
  readonly maxOutputTokens: number;
  /** Milliseconds without a word after which the next model of the chain is asked as well. Left out: never. */
  readonly hedgeAfterMs?: number;
  /** `prompt`: passages are written into the messages by us. `native`: the adapter sends them in the provider's own form. */
  readonly passageFormat: "prompt" | "native";
  /**
   * Throws an AppError (`upstream_*`, `host_not_allowed`, `aborted`). Errors thrown before the first event may be retried
   * and may fall back to another model; later ones may not. Cancelling the iteration or `signal` aborts the provider's request.
   */
  generate(request: GenerateRequest, options: { readonly signal: AbortSignal }): AsyncIterable<GenerationEvent>;
}

/** What implementations may need from outside; injected, so tests need no network. */
export interface TargetLmDependencies {
  readonly fetch: (url: string, init: RequestInit) => Promise<Response>;
  /** Value of a Worker secret, by its name in the configuration. */
  readonly readSecret: (name: string) => string | undefined;
  readonly encoder: () => Promise<Encoder>;
  /** The Workers AI binding, when configured. */
  readonly ai?: {
    run(model: string, inputs: Record<string, unknown>, options?: Record<string, unknown>): Promise<unknown>;
  };
}
