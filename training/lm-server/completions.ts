import { AppError } from "../../src/shared/errors.ts";
import type { LocalLm, ScoredToken } from "../llama/local-lm.ts";
import type { Random } from "../seeded-random.ts";
import { generateText } from "./generate-text.ts";
import type { TextPiece } from "./generate-text.ts";
import { chatLogProbs, completionLogProbs, joinPieces, usageOf } from "./renderings.ts";
import type { ChatRequest, CompletionRequest } from "./requests.ts";

/** What a request becomes: pieces to be sent as they come, or one object. */
export interface Answer {
  readonly promptTokens: number;
  /** Pieces; aborting the signal ends them. */
  pieces(signal: AbortSignal): AsyncGenerator<TextPiece>;
  /** What comes before the first piece of a stream. */
  readonly opening: readonly unknown[];
  chunk(piece: TextPiece): unknown;
  whole(pieces: readonly TextPiece[]): unknown;
  usage(completionTokens: number): unknown;
}

export interface AnswerOptions {
  readonly lm: LocalLm;
  readonly id: string;
  /** Seconds since 1970. */
  readonly created: number;
  /** For requests without a seed. */
  readonly random: (seed: number | null | undefined) => Random;
}

/** OpenAI's default for legacy completions. */
const COMPLETION_TOKENS = 16;

/** Answers `POST /v1/chat/completions`. Throws AppError `invalid_request` for an LM without a chat template. */
export function answerChat(request: ChatRequest, { lm, id, created, random }: AnswerOptions): Answer {
  if (lm.chatTemplate === undefined) {
    throw new AppError("invalid_request", `"${lm.name}" has no chat template; use /v1/completions`);
  }
  const messages = request.messages.map(({ role, content }) => ({ role, content: lm.withoutMarks(content) }));
  const promptIds = lm.withStart(lm.encode(lm.chatTemplate.render(messages)));
  const wanted = request.max_completion_tokens ?? request.max_tokens ?? Infinity;
  const maxTokens = roomFor(lm, promptIds, wanted);
  const logprobs = (tokens: readonly ScoredToken[]): unknown =>
    request.logprobs === true ? chatLogProbs(lm, tokens) : null;
  const head = (object: string): Record<string, unknown> => ({ id, object, created, model: lm.name });
  const chunk = (delta: unknown, rest: Record<string, unknown> = {}): unknown => ({
    ...head("chat.completion.chunk"),
    choices: [{ index: 0, delta, logprobs: null, finish_reason: null, ...rest }],
  });
  return {
    promptTokens: promptIds.length,
    opening: [chunk({ role: "assistant", content: "" })],
    pieces: (signal) =>
      generateText(lm, {
        ...samplingOf(request, random),
        promptIds,
        maxTokens,
        top: request.top_logprobs ?? 0,
        signal,
      }),
    chunk: ({ text, tokens, finish }) =>
      chunk(text === "" ? {} : { content: text }, { logprobs: logprobs(tokens), finish_reason: finish ?? null }),
    whole(pieces) {
      const { text, tokens, finish, generated } = joinPieces(pieces);
      const message = { role: "assistant", content: text, refusal: null };
      return {
        ...head("chat.completion"),
        choices: [{ index: 0, message, logprobs: logprobs(tokens), finish_reason: finish }],
        usage: usageOf(promptIds.length, generated),
      };
    },
    usage: (tokens) => ({ ...head("chat.completion.chunk"), choices: [], usage: usageOf(promptIds.length, tokens) }),
  };
}

/** Answers `POST /v1/completions`; with `echo` and `logprobs` it tells those of the prompt, which is how LMs are asked to label. */
export function answerCompletion(request: CompletionRequest, { lm, id, created, random }: AnswerOptions): Answer {
  const promptIds = lm.withStart(lm.encode(request.prompt));
  const wanted = request.max_tokens ?? COMPLETION_TOKENS;
  const maxTokens = roomFor(lm, promptIds, wanted);
  const isEchoed = request.echo === true;
  const top = request.logprobs ?? 0;
  const wantsLogProbs = typeof request.logprobs === "number";
  const promptCharacters = Array.from(request.prompt).length;
  const choice = (text: string, logprobs: unknown, finish: string | undefined): unknown => ({
    id,
    object: "text_completion",
    created,
    model: lm.name,
    choices: [{ index: 0, text, logprobs, finish_reason: finish ?? null }],
  });
  /** Tokens of a prompt that is echoed belong to the first piece. */
  async function* pieces(signal: AbortSignal): AsyncGenerator<TextPiece> {
    if (isEchoed) {
      const tokens = wantsLogProbs ? await lm.promptLogProbs(promptIds, { first: 1, top }) : [];
      yield { text: request.prompt, tokens, isPrompt: true, ...(maxTokens === 0 ? { finish: "length" } : {}) };
    }
    if (maxTokens > 0) {
      yield* generateText(lm, { ...samplingOf(request, random), promptIds, maxTokens, top, signal });
    }
  }
  const logprobs = (tokens: readonly ScoredToken[], offset: number, isFirst: boolean): unknown =>
    wantsLogProbs
      ? completionLogProbs(lm, tokens, { offset, unscored: isFirst && isEchoed ? promptIds[0] : undefined })
      : null;
  let sent = isEchoed ? 0 : promptCharacters;
  let isFirst = true;
  return {
    promptTokens: promptIds.length,
    opening: [],
    pieces,
    chunk({ text, tokens, finish }) {
      const body = choice(text, logprobs(tokens, sent, isFirst), finish);
      sent += Array.from(text).length;
      isFirst = false;
      return body;
    },
    whole(all) {
      const { text, tokens, finish, generated } = joinPieces(all);
      return {
        ...(choice(text, logprobs(tokens, isEchoed ? 0 : promptCharacters, true), finish) as object), // made just above
        usage: usageOf(promptIds.length, generated),
      };
    },
    usage: (tokens) => ({
      id,
      object: "text_completion",
      created,
      model: lm.name,
      choices: [],
      usage: usageOf(promptIds.length, tokens),
    }),
  };
}

function samplingOf(
  { temperature, top_p, seed, stop }: ChatRequest | CompletionRequest,
  random: AnswerOptions["random"],
): { readonly temperature: number; readonly topP: number; readonly random: Random; readonly stop: readonly string[] } {
  return { temperature: temperature ?? 1, topP: top_p ?? 1, random: random(seed), stop };
}

/** Tokens that fit behind the prompt. Throws AppError `invalid_request` when the prompt alone is too long. */
function roomFor({ contextSize }: LocalLm, promptIds: readonly number[], wanted: number): number {
  const room = contextSize - promptIds.length;
  if (promptIds.length === 0 || room < Math.min(1, wanted)) {
    throw new AppError(
      "invalid_request",
      `the prompt has ${promptIds.length} tokens, the context ${contextSize}; start the server with a larger --context`,
      { details: { code: "context_length_exceeded" } },
    );
  }
  return Math.min(room, wanted);
}
