import type { ChoiceEnd } from "../generation/target-lm.ts";
import type { RetrievedPassage, RetrieveOutcome } from "../retrieval/types.ts";
import type { JsonObject, JsonValue } from "../shared/json.ts";

/**
 * A place in the answer that rests on a passage. Indices count UTF-16 code units of the choice's text so far (what
 * `String.prototype.slice` takes), `endIndex` exclusive, and cover the mark itself (`[2]`).
 */
export interface Citation {
  readonly passageNumber: number;
  readonly passageId: string;
  readonly title: string;
  /** The passage's id when it has no URL. */
  readonly url: string;
  readonly startIndex: number;
  readonly endIndex: number;
}

/** What was clamped, dropped or changed on the way, for the client to see. */
export interface RetrievalNotice {
  readonly code:
    | "top_k_clamped"
    | "filter_matched_nothing"
    | "passages_dropped_for_context"
    | "query_joined"
    | "query_rewritten"
    | "degraded";
  readonly message: string;
}

/** The one generator (`answerQuery`) yields these; chat completions, the playground and offline evaluation render them. */
export type AnswerEvent =
  | {
      readonly type: "retrieval-end";
      /** The standalone query that was searched. */
      readonly query: string;
      readonly collection: string;
      /** Only the passages that made it into the prompt, in citation order, which goes on from that of `sources`. */
      readonly outcome: RetrieveOutcome;
      /** What stood in the conversation already and can be cited: it has the first numbers. Default: nothing. */
      readonly sources?: readonly RetrievedPassage[];
      readonly contextTokens: number;
      readonly notices: readonly RetrievalNotice[];
    }
  | { readonly type: "text-delta"; readonly choice: number; readonly text: string; readonly logprobs?: JsonValue }
  | { readonly type: "extra-delta"; readonly choice: number; readonly delta: JsonObject }
  | { readonly type: "citation"; readonly choice: number; readonly citation: Citation }
  | ChoiceEnd
  | { readonly type: "usage"; readonly usage: JsonObject }
  /** `model`: what answered, as the provider names it; `target`: our name of it (a fallback may have taken over). */
  | { readonly type: "end"; readonly model: string; readonly target: string };
