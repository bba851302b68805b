import { readFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { DEMO_VECTORS, ENCODER_FOLDER } from "../../../../scripts/demo-corpus/demo-data.ts";
import { EXAMPLE_ADAPTER } from "../../../../scripts/example-adapter/paths.ts";
import { parseManifest } from "../../../../src/encoder/load-manifest.ts";
import { readVectorSetMeta } from "../../../../training/artifacts/vector-set.ts";
import { readQueryAdapter } from "../../../../training/encoder/read-query-adapter.ts";

describe("the adapter that ships", () => {
  it("is of the shipped encoder and of the demo's vectors", async ({ expect }) => {
    const { manifest } = await readQueryAdapter(EXAMPLE_ADAPTER);
    const encoder = parseManifest(await readFile(path.join(ENCODER_FOLDER, "manifest.json"), "utf8"));
    const vectors = await readVectorSetMeta(DEMO_VECTORS);
    // Otherwise: npm run build:adapter
    expect(manifest.queryModel).toBe(encoder.model.sha256);
    expect(manifest.compatibleWith).toBe(vectors?.facts.encoderFingerprint);
  });

  it("is named for both environments, and chosen for neither", async ({ expect }) => {
    const text = await readFile(path.resolve(import.meta.dirname, "../../../../wrangler.toml"), "utf8");
    const named = [...text.matchAll(/^ADAPTERS = '(.*)'$/gmu)].map(([, json = ""]) => JSON.parse(json) as unknown);
    const adapters = { "factbook-example": "adapters/factbook-example/adapter.safetensors" };
    expect(named).toEqual([adapters, adapters]);
  });
});
