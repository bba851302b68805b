import { z } from "zod";
import { AppError } from "../../src/shared/errors.ts";
import { ANSWER_PROMPTS } from "./answer-prompts.ts";
import type { AnswerPrompt } from "./answer-prompts.ts";
import type { FidSignal } from "./fid/fid-attention.ts";
import { openFidLm } from "./fid/fid-lm.ts";
import { openSourceLm } from "./open-source-lm.ts";
import type { SourceLmSettings } from "./open-source-lm.ts";
import type { QueryToScore, Signal } from "./signal.ts";
import { SIGNALS } from "./signals.ts";

/** Scores one query at a time. */
export interface QueryScorer {
  /** Of the LM behind it. */
  readonly name: string;
  readonly fingerprint: string;
  /** One score a passage, in their order. */
  score(item: QueryToScore): Promise<readonly number[]>;
  /** Tokens through the LM so far, see `SourceLm`. */
  tokens(): number;
  close(): Promise<void>;
}

/** All that decides a score, besides the question and its passages; plain data, to be handed to another process. */
export interface ScorerSettings extends SourceLmSettings {
  readonly signal: string;
  readonly prompt: string;
  readonly maxPassageTokens: number;
}

export const scorerSettingsSchema = z.strictObject({
  signal: z.string(),
  lm: z.string(),
  model: z.string().optional(),
  tokenizer: z.string().optional(),
  prompt: z.string(),
  maxPassageTokens: z.int(),
  threads: z.int(),
}) satisfies z.ZodType<ScorerSettings>;

/** Opens the LM in this process. Throws AppError for an unknown signal or prompt and for an LM that cannot be opened. */
export async function openQueryScorer(settings: ScorerSettings, abort?: AbortSignal): Promise<QueryScorer> {
  const signal = findSignal(settings.signal);
  const prompt = findPrompt(settings.prompt);
  const { maxPassageTokens, threads } = settings;
  if (signal.kind === "encoder-decoder") {
    const lm = await openFidLm(settings.lm, { threads });
    return {
      name: lm.name,
      fingerprint: lm.fingerprint,
      score: (item) => signal.score(item, { lm }),
      tokens: () => lm.tokens(),
      close: () => lm.close(),
    };
  }
  const lm = await openSourceLm(settings);
  const baselines = new Map<string, number>();
  return {
    name: lm.name,
    fingerprint: lm.fingerprint,
    score: (item) => signal.score(item, { lm, prompt, maxPassageTokens, baselines, abort }),
    tokens: () => lm.tokens(),
    close: () => lm.close(),
  };
}

/** A signal by its name. Throws AppError `invalid_request` that lists those there are. */
export function findSignal(name: string): Signal | FidSignal {
  return findIn(SIGNALS, name, "signal");
}

/** A prompt by its name. Throws AppError `invalid_request` that lists those there are. */
export function findPrompt(name: string): AnswerPrompt {
  return findIn(ANSWER_PROMPTS, name, "prompt");
}

function findIn<Entry>(registry: Readonly<Record<string, Entry>>, name: string, kind: string): Entry {
  const entry = Object.hasOwn(registry, name) ? registry[name] : undefined;
  if (entry === undefined) {
    throw new AppError("invalid_request", `no ${kind} "${name}"; there are ${Object.keys(registry).join(", ")}`);
  }
  return entry;
}
