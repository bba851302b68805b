import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { z } from "zod";
import { cosine } from "../../../../src/encoder/vector.ts";
import { sha256File } from "../../../../training/artifacts/meta.ts";
import { loadEncoder } from "../../../../training/encoder/load-encoder.ts";

const PROJECT = path.resolve(import.meta.dirname, "../../../..");
const ASSETS = path.join(PROJECT, "src/assets");
/** Of all models in the repository. */
const MEBIBYTES = 80;

/** The folders that `ENCODERS` of wrangler.toml names, in both environments. */
async function shippedFolders(): Promise<readonly string[]> {
  const text = await readFile(path.join(PROJECT, "wrangler.toml"), "utf8");
  const tables = [...text.matchAll(/^ENCODERS = '(.*)'$/gmu)].map(([, json = ""]) =>
    z.record(z.string(), z.string()).parse(JSON.parse(json)),
  );
  return [...new Set(tables.flatMap((table) => Object.values(table)))].map((folder) => path.join(ASSETS, folder));
}

describe("the encoders that come with the Worker", () => {
  it("are what their manifests say, search the same passages, and have card and licence", async ({ expect }) => {
    const folders = await shippedFolders();
    expect(folders.map((folder) => path.basename(folder))).toEqual(["encoder", "encoder-tiny"]);
    const passages = await loadEncoder(path.join(ASSETS, "encoder"));
    for (const folder of folders) {
      const { manifest, fingerprint } = await loadEncoder(folder);
      expect(fingerprint, folder).toBe(passages.fingerprint);
      expect(await sha256File(path.join(folder, manifest.model.file)), folder).toBe(manifest.model.sha256);
      expect(await sha256File(path.join(folder, manifest.tokenizer.file)), folder).toBe(manifest.tokenizer.sha256);
      expect(await readdir(folder)).toEqual(expect.arrayContaining(["LICENSE", "NOTICE", "MODEL_CARD.md"]));
      const report = await readFile(path.join(folder, "quantization-report.json"), "utf8");
      expect(JSON.parse(report), folder).toMatchObject({
        quantized: { sha256: manifest.model.sha256 },
        gate: { passed: true },
      });
    }
  });

  it("put a question near the same passages: the tiny one too", async ({ expect }) => {
    const passages = await loadEncoder(path.join(ASSETS, "encoder"));
    const tiny = await loadEncoder(path.join(ASSETS, "encoder-tiny"));
    const texts = [
      "Canada has the longest coastline in the world.",
      "Photosynthesis turns light into chemical energy.",
      "The bank raised its interest rates in March.",
    ];
    const { embeddings } = await passages.encodePassages(texts.map((text) => ({ title: "", text })));
    for (const [expected, query] of [
      "which country has the most coast",
      "how do plants use sunlight",
      "when did loans become more expensive",
    ].entries()) {
      const [vector = new Float32Array(384)] = (await tiny.encodeQueries([query])).embeddings;
      const scores = embeddings.map((passage) => cosine(vector, passage));
      expect(scores.indexOf(Math.max(...scores)), query).toBe(expected);
    }
  });

  it("fit into the size that the repository allows for models", async ({ expect }) => {
    const found = await Promise.all(
      ["src", "scripts"].map((root) => readdir(path.join(PROJECT, root), { recursive: true, withFileTypes: true })),
    );
    const models = found.flat().filter(({ name }) => /\.(?:edge|onnx|safetensors)$/u.test(name));
    const sizes = await Promise.all(models.map(({ parentPath, name }) => stat(path.join(parentPath, name))));
    expect(models.length).toBeGreaterThanOrEqual(3);
    expect(sizes.reduce((sum, { size }) => sum + size, 0) / 2 ** 20).toBeLessThan(MEBIBYTES);
  });
});
