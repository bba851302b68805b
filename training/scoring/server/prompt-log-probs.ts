import { z } from "zod";
import { AppError } from "../../../src/shared/errors.ts";
import type { Continuation } from "../source-lm.ts";
import type { LmServer } from "./lm-server.ts";

/** A way in which servers tell the log-probabilities of a text that they are given. */
export interface PromptLogProbs {
  readonly name: string;
  /** Of the answer's tokens; undefined when the server answers but does not do it this way. */
  ask(server: LmServer, continuation: Continuation, signal?: AbortSignal): Promise<Float64Array | undefined>;
}

const echoSchema = z.object({
  choices: z
    .array(
      z.object({
        logprobs: z
          .object({
            tokens: z.array(z.string()),
            token_logprobs: z.array(z.number().nullable()),
            text_offset: z.array(z.number()).nullish(),
          })
          .nullish()
          .catch(undefined), // another form of the field is as good as none
      }),
    )
    .min(1),
});

/** OpenAI's legacy completions with `echo` and `logprobs`: vLLM, llama-cpp-python, and the server of `npm run lm`. */
const echo: PromptLogProbs = {
  name: "echo",
  async ask(server, { prompt, answer }, signal) {
    const body = {
      model: server.model,
      prompt: prompt + answer,
      max_tokens: 1, // not 0: some servers refuse it
      temperature: 0,
      logprobs: 1,
      echo: true,
    };
    const { choices } = await server.post("completions", { body, schema: echoSchema }, signal);
    const logprobs = choices[0]?.logprobs;
    if (logprobs === undefined || logprobs === null) {
      return undefined;
    }
    const { tokens, token_logprobs: values } = logprobs;
    const offsets = logprobs.text_offset ?? runningLengths(tokens);
    const start = characters(prompt);
    const end = start + characters(answer);
    const wanted = offsets.flatMap((offset, index) => {
      const tokenEnd = offsets[index + 1] ?? offset + characters(tokens[index] ?? "");
      return tokenEnd > start && offset < end ? [values[index]] : [];
    });
    return finiteOrUndefined(wanted);
  },
};

const tokensSchema = z.object({ tokens: z.array(z.int()) });
const vllmSchema = z.object({
  choices: z
    .array(
      z.object({
        prompt_logprobs: z.array(z.record(z.string(), z.looseObject({ logprob: z.number() })).nullable()).nullish(),
      }),
    )
    .min(1),
});

/** vLLM's own `prompt_logprobs`: one record by token id for each token of the prompt. */
const vllm: PromptLogProbs = {
  name: "prompt_logprobs",
  async ask(server, { prompt, answer }, signal) {
    const count = async (text: string): Promise<number[]> => {
      const body = { model: server.model, prompt: text };
      return (await server.post("/tokenize", { body, schema: tokensSchema }, signal)).tokens;
    };
    const joined = prompt + answer;
    const body = { model: server.model, prompt: joined, max_tokens: 1, temperature: 0, prompt_logprobs: 0 };
    const { choices } = await server.post("completions", { body, schema: vllmSchema }, signal);
    const entries = choices[0]?.prompt_logprobs;
    if (entries === undefined || entries === null) {
      return undefined;
    }
    const ids = await count(joined);
    const first = (await count(prompt)).length;
    return finiteOrUndefined(ids.slice(first).map((id, index) => entries[first + index]?.[String(id)]?.logprob));
  },
};

const forcedSchema = z.object({
  completion_probabilities: z.array(z.looseObject({ id: z.int(), logprob: z.number() })).min(1),
});

/** Outweighs any logit, so that greedy sampling takes the token; the log-probability that is told is of the logits before it. */
const FORCING_BIAS = 1e4;

/**
 * llama.cpp's server tells only what it samples, so each token of the answer is forced by a bias and its probability before
 * sampling is read: one request a token, the prompt cached between them.
 */
const llamaCpp: PromptLogProbs = {
  name: "llama.cpp",
  async ask(server, { prompt, answer }, signal) {
    const tokenize = async (content: string): Promise<number[]> => {
      const body = { content, add_special: false, parse_special: true };
      return (await server.post("/tokenize", { body, schema: tokensSchema }, signal)).tokens;
    };
    const promptIds = await tokenize(prompt);
    const joined = await tokenize(prompt + answer);
    const isPrefix = joined.length > promptIds.length && promptIds.every((id, index) => joined[index] === id);
    const answerIds = isPrefix ? joined.slice(promptIds.length) : await tokenize(answer);
    const values: number[] = [];
    for (const [index, id] of answerIds.entries()) {
      const body = {
        prompt: [...promptIds, ...answerIds.slice(0, index)],
        n_predict: 1,
        n_probs: 1,
        temperature: 0,
        logit_bias: [[id, FORCING_BIAS]],
        cache_prompt: true,
        post_sampling_probs: false,
      };
      const { completion_probabilities: told } = await server.post(
        "/completion",
        { body, schema: forcedSchema },
        signal,
      );
      if (told[0]?.id !== id) {
        throw new AppError("upstream_malformed", `the LM server sampled token ${told[0]?.id}, it was to take ${id}`);
      }
      values.push(told[0].logprob);
    }
    return finiteOrUndefined(values);
  },
};

/** In the order in which a server is asked for them. */
const FORMS: readonly PromptLogProbs[] = [echo, vllm, llamaCpp];

/**
 * The first form in which a server tells log-probabilities, tried on a short text.
 * @throws AppError `upstream_rejected` when it knows none, `upstream_unavailable` when it cannot be reached.
 */
export async function findPromptLogProbs(server: LmServer): Promise<PromptLogProbs> {
  const refusals: string[] = [];
  for (const form of FORMS) {
    try {
      const values = await form.ask(server, { prompt: "The capital of France is", answer: " Paris" });
      if (values !== undefined) {
        return form;
      }
      refusals.push(`${form.name}: not in the reply`);
    } catch (error) {
      if (!(error instanceof AppError) || !isRefusal(error)) {
        throw error;
      }
      refusals.push(`${form.name}: ${error.message}`);
    }
  }
  throw new AppError(
    "upstream_rejected",
    `the LM server tells no log-probabilities of a prompt (${refusals.join("; ")}); vLLM, llama.cpp and \`npm run lm\` do`,
  );
}

/** The server is there and does not know this form. */
function isRefusal({ code, details }: AppError): boolean {
  const status = details["status"];
  return code === "upstream_malformed" || code === "upstream_rejected" || status === 500 || status === 501;
}

/** Offsets and lengths count characters, not UTF-16 units: the servers are written in Python and C++. */
function characters(text: string): number {
  return Array.from(text).length;
}

function runningLengths(tokens: readonly string[]): number[] {
  let offset = 0;
  return tokens.map((token) => {
    const start = offset;
    offset += characters(token);
    return start;
  });
}

function finiteOrUndefined(values: readonly (number | null | undefined)[]): Float64Array | undefined {
  const known = values.filter((value) => typeof value === "number");
  return known.length === 0 || known.length < values.length ? undefined : Float64Array.from(known);
}
