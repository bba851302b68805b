import { once } from "node:events";
import { readFileSync } from "node:fs";
import path from "node:path";
import OpenAI from "openai";
import { describe, it } from "vitest";
import { openLlamaLm } from "../../../../training/llama/llama-local-lm.ts";
import type { TokenLogProb } from "../../../../training/llama/local-lm.ts";
import { loadNodeLlamaCpp } from "../../../../training/llama/node-llama-cpp.ts";
import { createLmServer } from "../../../../training/lm-server/lm-server.ts";
import { localSourceLm } from "../../../../training/scoring/gguf-source-lm.ts";

const FIXTURE = path.resolve(import.meta.dirname, "../../../fixtures/llama");
const MODEL = path.join(FIXTURE, "tiny.gguf");
/** The cache of keys and values is in 16 bits; log-probabilities here are of the order of 6. */
const TOLERANCE = 0.01;

/** What PyTorch gives; see scripts/make-gguf-fixture.py. */
interface Expected {
  readonly texts: readonly {
    readonly text: string;
    readonly ids: readonly number[];
    readonly logProbs: readonly number[];
    readonly next: { readonly tokens: readonly number[]; readonly logProbs: readonly number[] };
  }[];
}

const isInstalled = await loadNodeLlamaCpp().then(
  () => true,
  () => false,
);

/** node-llama-cpp is an optional dependency: `npm test` installs it, and says so where it cannot. */
describe.skipIf(!isInstalled)("a tiny random Llama in GGUF", () => {
  const { texts } = JSON.parse(readFileSync(path.join(FIXTURE, "expected.json"), "utf8")) as Expected;

  it("has PyTorch's tokens and log-probabilities", async ({ expect, onTestFinished }) => {
    const lm = await openLlamaLm(MODEL);
    onTestFinished(() => lm.close());
    const differences: number[] = [];
    for (const { text, ids, logProbs, next } of texts) {
      expect(lm.encode(text)).toEqual(ids);
      expect(lm.text(ids)).toBe(text);
      const scored = await lm.promptLogProbs(ids, { first: 1, top: 1 });
      differences.push(...distances(scored, logProbs));
      const best = await lm.next(ids, 3);
      expect(best.map(({ token }) => token)).toEqual(next.tokens);
      differences.push(...distances(best, next.logProbs));
    }
    expect(differences.length).toBeGreaterThan(80);
    expect(Math.max(...differences)).toBeLessThan(TOLERANCE);
  });

  it("scores answers as a source LM: the same numbers, whatever was computed before", async ({
    expect,
    onTestFinished,
  }) => {
    const lm = await openLlamaLm(MODEL);
    onTestFinished(() => lm.close());
    const source = localSourceLm(lm);
    const [{ text, logProbs } = { text: "", logProbs: [] }] = texts;
    const cuts = [20, 5, 30, 20]; // what two prompts share is not computed again
    for (const cut of cuts) {
      const got = await source.answerLogProbs({ prompt: text.slice(0, cut), answer: text.slice(cut) });
      const expected = logProbs.slice(cut - 1);
      expect(got.length).toBe(expected.length);
      expect(Math.max(...Array.from(got, (value, at) => Math.abs(value - (expected[at] ?? 0))))).toBeLessThan(
        TOLERANCE,
      );
    }
  });

  it("answers OpenAI's client by its chat template, and stops where its context ends", async ({
    expect,
    onTestFinished,
  }) => {
    const lm = await openLlamaLm(MODEL);
    const server = createLmServer(lm).listen(0, "127.0.0.1");
    await once(server, "listening");
    onTestFinished(async () => {
      server.closeAllConnections();
      server.close();
      await lm.close();
    });
    const address = server.address();
    const baseURL = `http://127.0.0.1:${typeof address === "object" ? address?.port : 0}/v1`;
    const client = new OpenAI({ baseURL, apiKey: "none", maxRetries: 0 });
    const messages = [{ role: "user" as const, content: "Hi" }];
    const reply = await client.chat.completions.create({ model: "tiny", messages, temperature: 0, max_tokens: 8 });
    // Bytes, and a token for each of the three marks.
    expect(reply.usage?.prompt_tokens).toBe("<user\nHi>\n<assistant\n".length);
    const whole = await client.chat.completions.create({ model: "tiny", messages, temperature: 0 });
    expect((whole.usage?.total_tokens ?? Infinity) <= lm.contextSize).toBe(true);
    expect(whole.choices[0]?.message.content?.startsWith(reply.choices[0]?.message.content ?? "?")).toBe(true);
  });
});

function distances(got: readonly TokenLogProb[], expected: readonly number[]): number[] {
  return expected.map((value, index) => Math.abs((got[index]?.logProb ?? Number.NaN) - value));
}
