import type { GenerationEvent } from "../generation/target-lm.ts";
import type { RetrievedPassage } from "../retrieval/types.ts";
import type { AnswerEvent } from "./answer-event.ts";
import { CitationParser } from "./citations.ts";

/** One choice of an answer. */
interface ChoiceState {
  readonly parser: CitationParser;
  /** Citations by the provider that arrived while the text was inside of code, where a mark would be part of it. */
  readonly held: Set<number>;
}

type CitedEvent = Exclude<AnswerEvent, { type: "retrieval-end" } | { type: "end" }>;

/**
 * Adds citations to a stream of generation events, for each choice on its own: marks that the model wrote, and marks put
 * where the provider itself cited, so that every surface sees the same thing. The closing `end` is left to the caller.
 */
export class AnswerCiter {
  readonly #passages: readonly RetrievedPassage[];
  readonly #choices = new Map<number, ChoiceState>();

  constructor(passages: readonly RetrievedPassage[]) {
    this.#passages = passages;
  }

  /** What an event becomes. */
  *read(event: Exclude<GenerationEvent, { type: "end" }>): Generator<CitedEvent> {
    switch (event.type) {
      case "text-delta": {
        yield event;
        const state = this.#choice(event.choice);
        yield* citationEvents(event.choice, state.parser.push(event.text));
        if (!state.parser.isInCode) {
          yield* this.#insertHeld(event.choice, state);
        }
        return;
      }
      case "native-citation": {
        const state = this.#choice(event.choice);
        if (event.passageNumber >= 1 && event.passageNumber <= this.#passages.length) {
          state.held.add(event.passageNumber);
        }
        if (!state.parser.isInCode) {
          yield* this.#insertHeld(event.choice, state);
        }
        return;
      }
      case "choice-end":
        yield* this.#endChoice(event.choice);
        yield event;
        return;
      case "extra-delta":
        // A tool call ends the text before it: no character comes that a mark would have to wait for.
        if ("tool_calls" in event.delta) {
          yield* citationEvents(event.choice, this.#choice(event.choice).parser.end());
        }
        yield event;
        return;
      case "usage":
        yield event;
    }
  }

  /** Citations that still wait in choices whose end was not said. */
  *end(): Generator<CitedEvent> {
    for (const choice of this.#choices.keys()) {
      yield* this.#endChoice(choice);
    }
  }

  *#endChoice(choice: number): Generator<CitedEvent> {
    yield* citationEvents(choice, this.#choice(choice).parser.end());
    this.#choices.delete(choice);
  }

  *#insertHeld(choice: number, { held, parser }: ChoiceState): Generator<CitedEvent> {
    for (const passageNumber of held) {
      const { text, citations } = parser.insert(passageNumber);
      yield { type: "text-delta", choice, text };
      yield* citationEvents(choice, citations);
    }
    held.clear();
  }

  #choice(choice: number): ChoiceState {
    const state = this.#choices.get(choice) ?? { parser: new CitationParser(this.#passages), held: new Set<number>() };
    this.#choices.set(choice, state);
    return state;
  }
}

function* citationEvents(choice: number, citations: ReturnType<CitationParser["push"]>): Generator<CitedEvent> {
  for (const citation of citations) {
    yield { type: "citation", choice, citation };
  }
}
