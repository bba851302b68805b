import { z } from "zod";
import type { PromptPassage } from "../../../training/answering/protocol.ts";
import type { Question } from "../../../training/answering/question.ts";
import type { QueryScores } from "../../../training/eval/evaluate-run.ts";

/** What an LM said: a text, or natural logarithms of probabilities by what they are of. */
export const outcomeSchema = z.strictObject({
  reply: z.string().optional(),
  logProbs: z.record(z.string(), z.number()).optional(),
});
export type Outcome = Readonly<z.output<typeof outcomeSchema>>;

/** A question with what the LM may read, best first. */
export interface AskedPair {
  readonly question: Question;
  readonly passages: readonly PromptPassage[];
}

/** What an LM is asked, and what that says of the passages. */
export interface AnswerTask {
  readonly name: string;
  /** Of the LM. */
  readonly lm: string;
  /** Hash of all that an outcome depends on beside its prompt and `wanted`. */
  readonly identity: string;
  render(pair: AskedPair): Promise<string>;
  /** What is asked for after the prompt: the right answer, or nothing. */
  wanted(question: Question): readonly string[];
  ask(prompt: string, wanted: readonly string[], signal: AbortSignal): Promise<Outcome>;
  /** By measure; higher is better. */
  score(outcome: Outcome, question: Question): QueryScores;
  close(): Promise<void>;
}
