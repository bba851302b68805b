import { readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, test } from "vitest";
import type { Encoder } from "../../src/encoder/encoder.ts";
import { cosine } from "../../src/encoder/vector.ts";
import { loadEncoder } from "../../training/encoder/load-encoder.ts";
import { sharedFolder } from "../support/shared-folder.ts";

const DEFAULT_ENCODER = path.resolve(import.meta.dirname, "../../src/assets/encoder");
const GOLDENS = "fixtures/minilm/embeddings.json.gz";
const FP32 = "models/all-minilm-l6-v2";

function decode(base64: string): Float32Array {
  return new Float32Array(new Uint8Array(Buffer.from(base64, "base64")).buffer);
}

function leastCosine(actual: readonly Float32Array[], expected: readonly Float32Array[]): number {
  return Math.min(...actual.map((embedding, i) => cosine(embedding, expected[i] ?? new Float32Array())));
}

const shared = sharedFolder(GOLDENS, FP32);

describe.skipIf(shared === undefined)("reference embeddings of MiniLM in fp32, made in Python", () => {
  const folder = shared ?? "";

  async function embedGoldens(
    encoder: Encoder,
  ): Promise<{ actual: readonly Float32Array[]; expected: Float32Array[] }> {
    const goldens = JSON.parse(gunzipSync(readFileSync(path.join(folder, GOLDENS))).toString("utf8")) as {
      texts: readonly { text: string }[];
      fp32: { embeddings_base64_f32_le: string };
    };
    const all = decode(goldens.fp32.embeddings_base64_f32_le);
    const dims = all.length / goldens.texts.length;
    const passages = goldens.texts.map(({ text }) => ({ title: "", text }));
    const { embeddings } = await encoder.encodePassages(passages);
    return { actual: embeddings, expected: embeddings.map((_, i) => all.slice(i * dims, (i + 1) * dims)) };
  }

  test("are reproduced within 1e-5 by the fp32 model", async ({ expect }) => {
    const { actual, expected } = await embedGoldens(await loadEncoder(path.join(folder, FP32)));
    const differences = actual.flatMap((embedding, i) =>
      Array.from(embedding, (value, d) => Math.abs(value - (expected[i]?.[d] ?? NaN))),
    );
    expect(differences.length).toBe(64 * 384);
    expect(Math.max(...differences)).toBeLessThan(1e-5);
  });

  test("are close to what the int8 model gives", async ({ expect }) => {
    const { actual, expected } = await embedGoldens(await loadEncoder(DEFAULT_ENCODER));
    expect(leastCosine(actual, expected)).toBeGreaterThan(0.998);
  });
});
