import { z } from "zod";
import type { ChatMessage, TargetLmDependencies } from "../../src/generation/target-lm.ts";
import { createUpstreamClient, readJson } from "../../src/generation/upstream-client.ts";
import type { UpstreamReply } from "../../src/generation/upstream-client.ts";
import { checkUpstreamUrl } from "../../src/generation/upstream-url.ts";
import { AppError } from "../../src/shared/errors.ts";
import type { JsonObject } from "../../src/shared/json.ts";
import type { AnswerLm, AnswerReply, AnswerRequest } from "./answer-lm.ts";

/** The most that OpenAI gives; other servers take it or give fewer. */
const TOP_LOGPROBS = 20;

export interface OpenAiAnswerLmOptions {
  /** With the version: `http://localhost:8080/v1`. */
  readonly baseUrl: string;
  readonly model: string;
  /** `chat`: the server applies the model's template. `completions`: the prompt as it is, as the paper asks InstructGPT. */
  readonly api: "chat" | "completions";
  /** Name of the environment variable with the key. */
  readonly secret?: string | undefined;
  /** Sent with every request as they are: `{"retrieval": false}` for a Worker that would search again. */
  readonly parameters: JsonObject;
  readonly timeoutMs: number;
  readonly dependencies: Pick<TargetLmDependencies, "fetch" | "readSecret">;
}

const entrySchema = z.object({ token: z.string(), logprob: z.number() });
const replySchema = z.object({
  choices: z
    .array(
      z.object({
        message: z.object({ content: z.string().nullish() }).nullish(),
        text: z.string().nullish(),
        logprobs: z
          .object({
            /** Chat. */
            content: z.array(z.object({ top_logprobs: z.array(entrySchema).nullish() })).nullish(),
            /** Completions. */
            top_logprobs: z.array(z.record(z.string(), z.number()).nullish()).nullish(),
          })
          .nullish()
          .catch(undefined), // a server's own form is as good as none
      }),
    )
    .min(1),
  usage: z.object({ prompt_tokens: z.number().nullish(), completion_tokens: z.number().nullish() }).nullish(),
});

/**
 * Any server that speaks OpenAI's chat completions or completions: greedy (temperature 0), one reply.
 * @throws AppError `configuration_invalid` for a URL that is none.
 */
export function createOpenAiAnswerLm(options: OpenAiAnswerLmOptions): AnswerLm {
  const { baseUrl, model, api, secret, parameters, timeoutMs, dependencies } = options;
  const problem = checkUpstreamUrl(baseUrl, { allowPrivateHosts: true });
  if (problem !== undefined) {
    throw new AppError("configuration_invalid", `--lm ${baseUrl}: ${problem}`);
  }
  const call = createUpstreamClient({
    name: model,
    baseUrl,
    allowPrivateHosts: true, // the person who calls the command names the host
    timeoutMs,
    idleTimeoutMs: timeoutMs,
    secret,
    keyHeader: (key) => ["authorization", `Bearer ${key}`],
    headers: {},
    dependencies: {
      ...dependencies,
      encoder: () => Promise.reject(new AppError("internal", "an answering LM needs no encoder")),
    },
  });
  return {
    name: model,
    identity: { baseUrl, model, api, parameters },
    async answer(request, signal) {
      const path = api === "chat" ? "chat/completions" : "completions";
      const body = { ...requestBody(request, api), ...parameters, model, stream: false };
      for await (const reply of call({ path, body, stream: false, signal }, readReply)) {
        return reply;
      }
      throw new AppError("upstream_malformed", `target LM "${model}" ended without a reply`);
    },
  };
}

function requestBody({ messages, maxTokens, stop, letters }: AnswerRequest, api: "chat" | "completions"): JsonObject {
  const common = { temperature: 0, max_tokens: maxTokens, ...(stop.length === 0 ? {} : { stop }) };
  if (api === "chat") {
    return { ...common, messages, ...(letters.length > 0 ? { logprobs: true, top_logprobs: TOP_LOGPROBS } : {}) };
  }
  return { ...common, prompt: rawPrompt(messages), ...(letters.length > 0 ? { logprobs: TOP_LOGPROBS } : {}) };
}

/** The prompt of a completions endpoint, which knows no messages. */
export function rawPrompt(messages: readonly ChatMessage[]): string {
  const [first, ...rest] = messages;
  if (first === undefined || rest.length > 0 || typeof first.content !== "string") {
    throw new AppError("invalid_request", "this protocol needs a chat endpoint: its prompt is more than one text");
  }
  return first.content;
}

async function* readReply(reply: UpstreamReply): AsyncGenerator<AnswerReply> {
  const parsed = replySchema.safeParse(await readJson(reply));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const problem = `${issue?.path.join(".") ?? ""}: ${issue?.message ?? ""}`;
    throw new AppError("upstream_malformed", `${reply.label} sent a reply that is not a completion (${problem})`);
  }
  const { choices, usage } = parsed.data;
  const [choice] = choices;
  const chat = choice?.logprobs?.content?.[0]?.top_logprobs?.map(({ token, logprob }) => [token, logprob] as const);
  const legacy = choice?.logprobs?.top_logprobs?.[0];
  const firstToken = chat ?? (legacy ? Object.entries(legacy) : undefined);
  yield {
    text: choice?.message?.content ?? choice?.text ?? "",
    ...(firstToken === undefined || firstToken.length === 0 ? {} : { firstToken: new Map(firstToken) }),
    promptTokens: usage?.prompt_tokens ?? 0,
    completionTokens: usage?.completion_tokens ?? 0,
  };
}
