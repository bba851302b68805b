import { mmluDecoder, mmluFlan, mmluGpt } from "./mmlu-protocols.ts";
import { popqaDecoder, popqaFlan, popqaGpt } from "./popqa-protocols.ts";
import type { AnswerProtocol } from "./protocol.ts";
import { serve } from "./serve-protocol.ts";

/** Every protocol; a new one is its own entry here. */
export const ANSWER_PROTOCOLS = {
  serve,
  "popqa-flan": popqaFlan,
  "popqa-gpt": popqaGpt,
  "popqa-decoder": popqaDecoder,
  "mmlu-flan": mmluFlan,
  "mmlu-gpt": mmluGpt,
  "mmlu-decoder": mmluDecoder,
} as const satisfies Record<string, AnswerProtocol>;

export type AnswerProtocolName = keyof typeof ANSWER_PROTOCOLS;

/** Names of the registry, for schemas. */
export const ANSWER_PROTOCOL_NAMES = Object.keys(ANSWER_PROTOCOLS) as [AnswerProtocolName, ...AnswerProtocolName[]]; // its own keys
