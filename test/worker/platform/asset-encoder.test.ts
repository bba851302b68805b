import { env } from "cloudflare:workers";
import { test } from "vitest";
import type { AssetReader } from "../../../src/platform/asset-encoder.ts";
import { createAssetEncoder } from "../../../src/platform/asset-encoder.ts";
import fixture from "../../fixtures/encoder/default-encoder.json";

/** The Worker's own assets, with each answer passed through `intercept`; records what was asked for. */
function interceptedAssets(intercept: (file: string, response: Response) => Response | Promise<Response>): {
  assets: AssetReader;
  files: string[];
} {
  const files: string[] = [];
  const assets: AssetReader = {
    fetch: async (url) => {
      const file = url.split("/").at(-1) ?? "";
      files.push(file);
      return intercept(file, await env.ASSETS.fetch(url));
    },
  };
  return { assets, files };
}

function decode(base64: string): Float32Array {
  return new Float32Array(Uint8Array.from(atob(base64), (char) => char.charCodeAt(0)).buffer);
}

test("embeds exactly as the same engine does in Node", async ({ expect }) => {
  const encoder = await createAssetEncoder(env.ASSETS)();
  expect(encoder.manifest.model.sha256, "run scripts/make-encoder-fixture.ts").toBe(fixture.modelSha256);
  const { embeddings, tokenCount } = await encoder.encodeQueries(fixture.texts.map(({ text }) => text));
  expect(embeddings).toEqual(fixture.texts.map(({ embedding }) => decode(embedding)));
  expect(tokenCount).toBe(fixture.tokenCount);
});

test("an embedding does not depend on the other texts of the call, to the last bit", async ({ expect }) => {
  const encoder = await createAssetEncoder(env.ASSETS)();
  const texts = fixture.texts.map(({ text }) => text);
  const together = await encoder.encodeQueries(texts.toReversed());
  const [last] = texts.slice(-1);
  expect(together.embeddings[0]).toEqual((await encoder.encodeQueries([last ?? ""])).embeddings[0]);
  expect(together.embeddings.toReversed()).toEqual((await encoder.encodeQueries(texts)).embeddings);
});

test("requests that come while the encoder loads share one load", async ({ expect }) => {
  const { assets, files } = interceptedAssets((_file, response) => response);
  const source = createAssetEncoder(assets);
  const encoders = await Promise.all([source(), source(), source()]);
  expect(new Set(encoders).size).toBe(1);
  expect(files.toSorted()).toEqual(["manifest.json", "model_int8.edge", "tokenizer.json"]);
});

test("a load that failed is tried again by the next request", async ({ expect }) => {
  let isBroken = true;
  const { assets } = interceptedAssets((file, response) =>
    isBroken && file === "model_int8.edge" ? new Response("upstream trouble", { status: 503 }) : response,
  );
  const source = createAssetEncoder(assets);
  await expect(source()).rejects.toThrow(
    expect.objectContaining({ code: "encoder_failed", isRetryable: true, message: expect.stringContaining("503") }),
  );
  isBroken = false;
  expect((await source()).manifest.dims).toBe(384);
});

test.for(["model_int8.edge", "tokenizer.json"])(
  "a %s that is not the manifest's is refused",
  async (wrong, { expect }) => {
    const { assets } = interceptedAssets(async (file, response) => {
      if (file !== wrong) {
        return response;
      }
      const bytes = new Uint8Array(await response.arrayBuffer());
      bytes[5000] = (bytes[5000] ?? 0) ^ 1;
      return new Response(bytes);
    });
    await expect(createAssetEncoder(assets)()).rejects.toThrow(`${wrong} has sha256`);
  },
);

test("a manifest that is a fallback page is a clear error", async ({ expect }) => {
  const { assets } = interceptedAssets(() => new Response("<!doctype html>"));
  await expect(createAssetEncoder(assets)()).rejects.toThrow("manifest.json is not JSON");
});
