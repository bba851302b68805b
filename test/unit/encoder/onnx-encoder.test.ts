import { test } from "vitest";
import type { OnnxInputs, OnnxSession } from "../../../src/encoder/encoder.ts";
import type { EncoderManifest } from "../../../src/encoder/manifest.ts";
import { createOnnxEncoder } from "../../../src/encoder/onnx-encoder.ts";
import type { TextTokenizer } from "../../../src/encoder/tokenizer.ts";
import { FAKE_MANIFEST } from "../../support/fake-encoder.ts";

const PAD = 9;

/** One token per character, its code; no special tokens. */
const tokenizer: TextTokenizer = {
  padId: PAD,
  encode: (text, maxLength) => Array.from(`^${text}`, (char) => char.charCodeAt(0)).slice(0, maxLength),
  countTokens: (text) => text.length,
};

/** Hidden state of a token: [its id, 1]. Padding gives garbage, which pooling must not see. */
function recordingSession(): { session: OnnxSession; runs: OnnxInputs[] } {
  const runs: OnnxInputs[] = [];
  const session: OnnxSession = {
    run: (inputs) => {
      runs.push(inputs);
      const states = Array.from(inputs.inputIds, (id, i) =>
        inputs.attentionMask[i] === 1n ? [Number(id), 1] : [1e9, 1e9],
      );
      return Promise.resolve(Float32Array.from(states.flat()));
    },
  };
  return { session, runs };
}

const manifest: EncoderManifest = { ...FAKE_MANIFEST, dims: 2, normalize: false, pooling: "last_token" };

test("embeddings come back in the order of the texts, however they were batched", async ({ expect }) => {
  const { session, runs } = recordingSession();
  const encoder = await createOnnxEncoder({ manifest, tokenizer, session, maxBatchTokens: 8 });
  const { embeddings } = await encoder.encodeQueries(["aaaaaab", "c", "aad", "e", "", "aaf"]);
  const last = embeddings.map(([id]) => String.fromCharCode(id ?? 0));
  expect(last).toEqual(["b", "c", "d", "e", "^", "f"]);
  expect(runs.length).toBeGreaterThan(1);
});

test("a batch holds at most maxBatchTokens, and a longer text runs alone", async ({ expect }) => {
  const { session, runs } = recordingSession();
  const encoder = await createOnnxEncoder({ manifest, tokenizer, session, maxBatchTokens: 6 });
  await encoder.encodeQueries(["a", "bb", "c".repeat(20), "d", "ee"]);
  expect(runs.map(({ batch, sequence }) => [batch, sequence])).toEqual([
    [1, 21],
    [2, 3],
    [2, 2],
  ]);
});

test("shorter rows are padded on the right and masked", async ({ expect }) => {
  const { session, runs } = recordingSession();
  const encoder = await createOnnxEncoder({ manifest, tokenizer, session });
  await encoder.encodeQueries(["a", "bcd"]);
  const code = (char: string): bigint => BigInt(char.charCodeAt(0));
  expect([...(runs[0]?.inputIds ?? [])]).toEqual(Array.from("^bcd^a", code).concat(BigInt(PAD), BigInt(PAD)));
  expect([...(runs[0]?.attentionMask ?? [])]).toEqual([1n, 1n, 1n, 1n, 1n, 1n, 0n, 0n]);
  expect([...(runs[0]?.tokenTypeIds ?? [])]).toEqual(Array.from({ length: 8 }, () => 0n));
});

test("no texts give no embeddings and run nothing", async ({ expect }) => {
  const { session, runs } = recordingSession();
  const encoder = await createOnnxEncoder({ manifest, tokenizer, session });
  expect(await encoder.encodePassages([])).toEqual({ embeddings: [], tokenCount: 0 });
  expect(runs).toEqual([]);
});

test("queries and passages get their own prefix and maximum length", async ({ expect }) => {
  const { session, runs } = recordingSession();
  const asymmetric = { ...manifest, queryPrefix: "q: ", passagePrefix: "p: ", maxQueryLength: 6, maxPassageLength: 8 };
  const encoder = await createOnnxEncoder({ manifest: asymmetric, tokenizer, session });
  const queries = await encoder.encodeQueries(["abcdef"]);
  const passages = await encoder.encodePassages([{ title: "T", text: "abcdef" }]);
  const texts = runs.map(({ inputIds }) => String.fromCharCode(...Array.from(inputIds, Number)));
  expect(texts).toEqual(["^q: ab", "^p: T ab"]);
  expect([queries.tokenCount, passages.tokenCount]).toEqual([6, 8]);
});

test("embeddings are unit length when the manifest says so", async ({ expect }) => {
  const { session } = recordingSession();
  const encoder = await createOnnxEncoder({ manifest: { ...manifest, normalize: true }, tokenizer, session });
  const [embedding] = (await encoder.encodeQueries(["abc"])).embeddings;
  expect(Math.hypot(...(embedding ?? []))).toBeCloseTo(1, 6);
});

test("a session whose output has another shape is refused with the numbers", async ({ expect }) => {
  const session: OnnxSession = { run: () => Promise.resolve(new Float32Array(7)) };
  const encoder = await createOnnxEncoder({ manifest, tokenizer, session });
  await expect(encoder.encodeQueries(["ab"])).rejects.toThrow("7 values, expected 1 x 3 x 2 = 6");
});

test("refuses more tokens than maxTokens, cut as they are read, before the first pass", async ({ expect }) => {
  const { session, runs } = recordingSession();
  const encoder = await createOnnxEncoder({ manifest, tokenizer, session });
  const long = "a".repeat(10 * manifest.maxQueryLength);
  const maxTokens = 2 * manifest.maxQueryLength;
  await expect(encoder.encodeQueries([long, long, ""], { maxTokens })).rejects.toMatchObject({
    code: "invalid_request",
    details: { limit: maxTokens, got: maxTokens + 1 },
  });
  expect(runs).toEqual([]);
  expect((await encoder.encodeQueries([long, long], { maxTokens })).tokenCount).toBe(maxTokens);
});

test("an abort ends the call between two passes, though no pass ever waits", async ({ expect }) => {
  const abort = new AbortController();
  const { session, runs } = recordingSession();
  const encoder = await createOnnxEncoder({ manifest, tokenizer, session, maxBatchTokens: 1 });
  setTimeout(() => abort.abort(), 0);
  const texts = Array.from({ length: 10_000 }, () => "a");
  await expect(encoder.encodeQueries(texts, { signal: abort.signal })).rejects.toMatchObject({
    code: "aborted",
  });
  expect(runs.length).toBeGreaterThan(0);
  expect(runs.length).toBeLessThan(texts.length);
});
