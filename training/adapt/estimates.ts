import type { StageEstimate } from "./stage.ts";

/**
 * Orders of magnitude on two cores with MiniLM-L6 and a 135M source LM, for a plan to show before anything has run; the
 * times that stages really took stand in their records and in the report.
 */
const PASSAGES_A_SECOND = 60;
/** An LM in int8 as ONNX, and one in GGUF with a thread. */
const LABEL_TOKENS_A_SECOND = { onnx: 600, gguf: 200 } as const;
/** Prompt, passage and answer of one label. */
const TOKENS_A_LABEL = 190;
/** Questions an epoch and second. */
const TRAINED_A_SECOND = { "query-adapter": 2000, "query-encoder": 40, both: 1.5 } as const;
const EPOCHS = { "query-adapter": 8, "query-encoder": 3, both: 3 } as const;
const ANSWERED_A_SECOND = 1;
const TOKENS_AN_ANSWER = 600;

export type TrainingModeName = keyof typeof TRAINED_A_SECOND;

const NO_TOKENS = { tokens: 0 };

export const ESTIMATES = {
  quick: (): StageEstimate => ({ seconds: 5, ...NO_TOKENS }),
  encode: (passages: number): StageEstimate => ({ seconds: passages / PASSAGES_A_SECOND, ...NO_TOKENS }),
  /** One run without a passage and one with each. */
  score: (questions: number, depth: number, kind: keyof typeof LABEL_TOKENS_A_SECOND): StageEstimate => {
    const tokens = questions * (depth + 1) * TOKENS_A_LABEL;
    return { seconds: tokens / LABEL_TOKENS_A_SECOND[kind], tokens };
  },
  train: (questions: number, mode: TrainingModeName): StageEstimate => ({
    seconds: 10 + (questions * EPOCHS[mode]) / TRAINED_A_SECOND[mode],
    ...NO_TOKENS,
  }),
  search: (questions: number): StageEstimate => ({ seconds: 5 + questions / 100, ...NO_TOKENS }),
  answer: (questions: number): StageEstimate => ({
    seconds: questions / ANSWERED_A_SECOND,
    tokens: questions * TOKENS_AN_ANSWER,
  }),
} as const;
