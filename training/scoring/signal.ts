import type { PassageText } from "../../src/encoder/encoder.ts";
import type { CorpusPassage } from "../artifacts/beir.ts";
import type { AnswerPrompt } from "./answer-prompts.ts";
import type { SourceLm } from "./source-lm.ts";

/** A question with what a signal may need to know of it. */
export interface LabelledQuery {
  readonly id: string;
  readonly text: string;
  /** Accepted answers; the first is the one that is scored. */
  readonly answers: readonly string[];
  /** Options of a multiple-choice question. */
  readonly choices: readonly string[];
}

/** One question and its candidates, best first. */
export interface QueryToScore {
  readonly query: LabelledQuery;
  readonly passages: readonly Pick<CorpusPassage, "id" | "title" | "text">[];
}

/** What a signal works with. */
export interface SignalContext {
  readonly lm: SourceLm;
  readonly prompt: AnswerPrompt;
  /** Passages are cut to this many tokens of the LM. */
  readonly maxPassageTokens: number;
  /** What was computed of a question without its passages, for the next of them: a Map of the caller's. */
  readonly baselines?: Map<string, number> | undefined;
  /** Aborted on Ctrl-C. */
  readonly abort?: AbortSignal | undefined;
}

/** What is known of a signal before any LM is asked. */
export interface SignalFacts {
  readonly summary: string;
  /** What the question must bring. A question without it is left out, and counted. */
  readonly needs: "nothing" | "answers" | "choices";
  /** Whether the scores of a query's passages depend on each other: then they are only kept all together. */
  readonly dependsOnAll: boolean;
  /** Whether a score above 0 says that the passage helped, so that `build` may test it. */
  readonly isGain: boolean;
}

/** What a frozen causal LM says of passages. A new one is its own file and a line in `signals.ts`. */
export interface Signal extends SignalFacts {
  readonly kind: "causal";
  /** One score a passage, higher is better. */
  score(item: QueryToScore, context: SignalContext): Promise<readonly number[]>;
}

/** Passages as they are put before the LM: texts cut to the length that the context allows. */
export async function cutPassages(
  passages: QueryToScore["passages"],
  { lm, maxPassageTokens }: SignalContext,
): Promise<PassageText[]> {
  return await Promise.all(
    passages.map(async ({ title, text }) => ({ title, text: await lm.truncate(text, maxPassageTokens) })),
  );
}
