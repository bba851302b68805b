import { AppError } from "../../../src/shared/errors.ts";
import type { QueryToScore, SignalFacts } from "../signal.ts";
import type { AttentionScores } from "./attention-scores.ts";
import type { FidLm } from "./fid-lm.ts";

/** AAR's code cuts a passage to 500 characters for scoring, and the prompt to 10,000 [T0Datasets.py, process_data]. */
const PASSAGE_CHARACTERS = 500;
const PROMPT_CHARACTERS = 10_000;

/** A signal of an encoder/decoder LM. */
export interface FidSignal extends SignalFacts {
  readonly kind: "encoder-decoder";
  score(item: QueryToScore, context: { readonly lm: FidLm }): Promise<readonly number[]>;
}

/**
 * FiDAtt, AAR's signal (paper eq. 4, as its code computes it): the mean cross-attention logit of the first decoder token over a
 * passage's segment. Answer-free. The logits are not normalised across passages, but from the second decoder layer on they depend
 * on all passages together.
 */
export const fidAttention = fidSignal(
  "mean cross-attention logit of the first decoder token (FiDAtt as AAR's code)",
  (scores) => scores.logit,
);

/** The same after the softmax: "attention scores" as the paper calls them; Atlas' `probsfirst`. */
export const fidAttentionProbability = fidSignal(
  "mean cross-attention probability of the first decoder token",
  (scores) => scores.probability,
);

/** Probability weighted by the norm of the value it fetches; Atlas' `normsfirst`. */
export const fidAttentionNorm = fidSignal(
  "mean cross-attention probability times value norm (Atlas)",
  (scores) => scores.norm,
);

/** Text of one segment: the passage first, the prompt after it without a separator, the title not shown [a.3 of AAR's code]. */
export function fidSegment(question: string, passageText: string): string {
  const prompt = `Answer the following question.\n${question}`;
  return passageText.slice(0, PASSAGE_CHARACTERS) + prompt.slice(0, PROMPT_CHARACTERS);
}

function fidSignal(summary: string, choose: (scores: AttentionScores) => readonly number[]): FidSignal {
  return {
    kind: "encoder-decoder",
    summary,
    needs: "nothing",
    dependsOnAll: true,
    isGain: false,
    async score({ query, passages }, { lm }) {
      const { tokenizer, endToken } = lm;
      if (tokenizer === undefined) {
        throw new AppError("invalid_artifact", `the LM "${lm.name}" has no tokenizer.json, so it cannot read texts`);
      }
      const segments = passages.map(({ text }) => [
        ...tokenizer.encode(tokenizer.withoutMarks(fidSegment(query.text, text))),
        endToken,
      ]);
      return choose(await lm.attend(segments));
    },
  };
}
