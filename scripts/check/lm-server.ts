/**
 * `npm run lm` with a real GGUF, driven by OpenAI's own client: chat and legacy completions, whole and streamed,
 * log-probabilities, stop texts, seeds, limits.
 *
 *   node scripts/check/lm-server.ts [model.gguf]
 *
 * Without a file: SmolLM2-135M-Instruct of ../shared. Prints a line a check and the speed; exit code 1 when one fails.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import OpenAI, { BadRequestError } from "openai";

const ROOT = path.resolve(import.meta.dirname, "../..");
const DEFAULT_MODEL = path.join(ROOT, "../shared/models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf");

const model = "any";
const messages = [{ role: "user" as const, content: "Name three colours of the rainbow, separated by commas." }];
const greedy = { model, messages, temperature: 0, max_tokens: 40 };

/** What a check found: whether it holds, and what was seen. */
type Outcome = readonly [holds: boolean, seen: string];

const CHECKS: Readonly<Record<string, (client: OpenAI) => Promise<Outcome>>> = {
  async "a chat completion has text, a reason and usage that adds up"(client) {
    const { choices, usage } = await client.chat.completions.create(greedy);
    const [{ message, finish_reason: reason } = { message: undefined, finish_reason: undefined }] = choices;
    const addsUp = usage?.total_tokens === (usage?.prompt_tokens ?? 0) + (usage?.completion_tokens ?? 0);
    const text = message?.content ?? "";
    return [text.length > 0 && addsUp && ["stop", "length"].includes(reason ?? ""), `${reason}: ${text}`];
  },
  async "a stream is the same text, then the usage"(client) {
    const whole = await client.chat.completions.create(greedy);
    const stream = await client.chat.completions.create({
      ...greedy,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await Array.fromAsync(stream);
    const text = chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("");
    const isSame = text === whole.choices[0]?.message.content;
    const used = chunks.at(-1)?.usage?.completion_tokens;
    return [isSame && used === whole.usage?.completion_tokens, `${chunks.length} chunks, ${used} tokens`];
  },
  async "log-probabilities are of the sampled tokens, the best ones beside them"(client) {
    const body = { ...greedy, logprobs: true, top_logprobs: 5 };
    const { choices } = await client.chat.completions.create(body);
    const content = choices[0]?.logprobs?.content ?? [];
    const isJoined = content.map(({ token }) => token).join("") === choices[0]?.message.content;
    const areBest = content.every(
      ({ logprob, top_logprobs: top }) =>
        top.length === 5 &&
        logprob === top[0]?.logprob &&
        top.every((entry, rank) => entry.logprob <= (top[rank - 1]?.logprob ?? 0)) &&
        top.reduce((sum, entry) => sum + Math.exp(entry.logprob), 0) <= 1,
    );
    const mean = content.reduce((sum, { logprob }) => sum + logprob, 0) / content.length;
    return [isJoined && areBest && content.length > 0, `${content.length} tokens, mean ${mean.toFixed(3)}`];
  },
  async "a stop text ends the answer and is no part of it"(client) {
    const whole = (await client.chat.completions.create(greedy)).choices[0]?.message.content ?? "";
    const stop = whole.slice(9, 13);
    const { choices } = await client.chat.completions.create({ ...greedy, stop: [stop, "\u0000"] });
    const text = choices[0]?.message.content ?? "";
    const expected = whole.slice(0, whole.indexOf(stop));
    return [text === expected && choices[0]?.finish_reason === "stop", JSON.stringify({ stop, text })];
  },
  async "a seed draws the same text again, another seed another"(client) {
    const draw = async (seed: number): Promise<string> => {
      const body = { ...greedy, temperature: 1.5, seed };
      return (await client.chat.completions.create(body)).choices[0]?.message.content ?? "";
    };
    const [first, again, other] = [await draw(1), await draw(1), await draw(2)];
    return [first === again && first !== other, JSON.stringify([first, other])];
  },
  async "a legacy completion continues the prompt, streamed or not"(client) {
    const body = { model, prompt: "Paris is the capital of", temperature: 0, max_tokens: 6 };
    const { choices } = await client.completions.create({ ...body, logprobs: 2 });
    const chunks = await Array.fromAsync(await client.completions.create({ ...body, stream: true }));
    const streamed = chunks.map((chunk) => chunk.choices[0]?.text ?? "").join("");
    const text = choices[0]?.text ?? "";
    return [text === streamed && choices[0]?.logprobs?.token_logprobs?.length === 6, JSON.stringify(text)];
  },
  async "an echoed prompt comes with its log-probabilities"(client) {
    const logProbs = async (prompt: string): Promise<readonly number[]> => {
      const body = { model, prompt, max_tokens: 0, echo: true, logprobs: 0 };
      return ((await client.completions.create(body)).choices[0]?.logprobs?.token_logprobs ?? []).slice(1);
    };
    const sense = await logProbs("The capital of France is Paris.");
    const nonsense = await logProbs("The capital of France is horse.");
    const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0);
    const seen = `Paris ${sum(sense).toFixed(2)}, horse ${sum(nonsense).toFixed(2)} nats`;
    return [sum(sense) > sum(nonsense) + 3 && sense.every((value) => value <= 0), seen];
  },
  async "a prompt beyond the context is OpenAI's error 400"(client) {
    const content = "word ".repeat(5000);
    const body = { model, messages: [{ role: "user" as const, content }] };
    const error: unknown = await client.chat.completions.create(body).catch((cause: unknown) => cause);
    return [error instanceof BadRequestError, error instanceof Error ? error.message : "no error"];
  },
};

async function main(file: string): Promise<boolean> {
  const server = spawn(process.execPath, [path.join(ROOT, "scripts/lm.ts"), file, "--port", "0", "--context", "2048"], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  try {
    const [line] = (await Promise.race([once(createInterface(server.stdout), "line"), once(server, "exit")])) as [
      unknown,
    ];
    const baseURL = /http:\S+/u.exec(String(line))?.[0];
    if (baseURL === undefined) {
      return false; // it has said why on stderr
    }
    process.stdout.write(`${String(line)}\n`);
    const client = new OpenAI({ baseURL, apiKey: "none", maxRetries: 0 });
    let isGood = true;
    for (const [title, check] of Object.entries(CHECKS)) {
      const [holds, seen] = await check(client);
      isGood &&= holds;
      process.stdout.write(`${holds ? "ok    " : "FAILED"} ${title}\n         ${seen.replaceAll("\n", " ")}\n`);
    }
    process.stdout.write(`${await speed(client)}\n`);
    return isGood;
  } finally {
    server.kill("SIGINT");
  }
}

async function speed(client: OpenAI): Promise<string> {
  const body = { model, prompt: "Once upon a time", temperature: 1, seed: 7, max_tokens: 100 };
  const started = performance.now();
  const { usage } = await client.completions.create(body);
  const tokens = usage?.completion_tokens ?? 0;
  return `${tokens} tokens generated, ${(tokens / ((performance.now() - started) / 1000)).toFixed(0)} tokens/s, one thread`;
}

process.exitCode = (await main(process.argv[2] ?? DEFAULT_MODEL)) ? 0 : 1;
