import { availableParallelism } from "node:os";
import { z } from "zod";
import type { JsonObject } from "../../src/shared/json.ts";
import type { AnswerLm } from "../answering/answer-lm.ts";
import { createOpenAiAnswerLm } from "../answering/openai-answer-lm.ts";
import { createSourceAnswerLm } from "../answering/source-answer-lm.ts";
import { UsageError } from "../define-command.ts";
import { openSourceLm } from "../scoring/open-source-lm.ts";
import { openServerLm } from "../scoring/server/server-source-lm.ts";

/** Flags of the commands that ask a target LM. */
export const answerLmFlags = {
  lm: z.string().meta({
    placeholder: "url or path",
    description:
      "OpenAI-compatible server with its version: http://localhost:8787/v1 (the Worker), http://localhost:8080/v1; or a local LM: model.gguf, or an ONNX file",
  }),
  model: z.string().default("local").meta({ placeholder: "name", description: "the model's name at that server" }),
  api: z.enum(["chat", "completions"]).default("chat").meta({
    placeholder: "kind",
    description: "chat applies the model's template, completions sends the prompt as it is",
  }),
  secret: z.string().optional().meta({ placeholder: "NAME", description: "environment variable that holds the key" }),
  parameters: z.string().default("{}").meta({
    placeholder: "json",
    description: 'sent with every request; {"retrieval":false} keeps the Worker from searching again',
  }),
  timeoutSeconds: z.number().min(1).max(3600).default(300).meta({ description: "deadline of one reply" }),
  concurrency: z.int().min(1).max(256).default(4).meta({ description: "requests under way at once" }),
} as const;

type Environment = Readonly<Record<string, string | undefined>>;

type AnswerLmFlags = z.output<z.ZodObject<typeof answerLmFlags>>;

/** The LM that the flags describe. No request is made. */
export async function openAnswerLm(
  { lm, model, api, secret, parameters, timeoutSeconds }: AnswerLmFlags,
  env: Environment,
): Promise<AnswerLm> {
  if (!isServer(lm)) {
    // One core is left to whatever else runs: threads that wait for one another by spinning lose far more than they win on a full machine.
    const threads = Math.max(1, availableParallelism() - 1);
    return createSourceAnswerLm(await openSourceLm({ lm, threads }), api);
  }
  return createOpenAiAnswerLm({
    baseUrl: lm,
    model,
    api,
    secret,
    parameters: parseParameters(parameters),
    timeoutMs: timeoutSeconds * 1000,
    dependencies: { fetch: (url, init) => fetch(url, init), readSecret: (name) => env[name] },
  });
}

/**
 * The same, and of a server also the mean log-probability of right answers, which costs a request more a question; a local LM tells
 * it anyway. Throws AppError `upstream_rejected` when the server tells no log-probabilities of a prompt.
 */
export async function openRatingAnswerLm(flags: AnswerLmFlags, env: Environment): Promise<AnswerLm> {
  const answering = await openAnswerLm(flags, env);
  if (!isServer(flags.lm)) {
    return answering;
  }
  const { lm: baseUrl, model, secret, api } = flags;
  const key = secret === undefined ? undefined : env[secret];
  const rating = createSourceAnswerLm(await openServerLm({ baseUrl, model, key }), api);
  return {
    ...answering,
    identity: { ...answering.identity, goldLogProbs: true },
    rightAnswerLogProbability: (messages, answer, signal) => rating.rightAnswerLogProbability(messages, answer, signal),
  };
}

/** Whether `--lm` names a server, or a file on this machine. */
export function isServer(lm: string): boolean {
  return /^[a-z]+:\/\//u.test(lm);
}

const jsonObject = z.record(z.string(), z.json());

function parseParameters(text: string): JsonObject {
  try {
    return jsonObject.parse(JSON.parse(text));
  } catch {
    throw new UsageError(`--parameters: expected a JSON object, got ${text.slice(0, 80)}`);
  }
}
