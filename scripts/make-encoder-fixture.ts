/**
 * Writes test/fixtures/encoder/default-encoder.json: embeddings of a few texts by the default encoder in Node, for the tests that
 * compare other machines and the Worker with them. Run it after changing src/assets/encoder or the engine's arithmetic:
 *
 *   node scripts/make-encoder-fixture.ts
 */
import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import { loadEncoder } from "../training/encoder/load-encoder.ts";

const root = path.resolve(import.meta.dirname, "..");
const OUTPUT = path.join(root, "test/fixtures/encoder/default-encoder.json");

const TEXTS = [
  "longest coastline",
  "Which country has the longest coastline?",
  "What is the capital of Burkina Faso and how many people live there?",
  "Norway: Coastline total 25,148 km (includes mainland 2,650 km, as well as long fjords and numerous islands)",
  "Ouagadougou is the capital and largest city; 3.056 million people lived there in 2022.",
  "",
  "naïve café, 東京タワー, 😀!",
  // Longer than any query: cut at the manifest's maximum.
  "The economy depends on agriculture, fishing, timber and a growing number of visitors. ".repeat(40),
];

const encoder = await loadEncoder(path.join(root, "src/assets/encoder"));
const { tokenCount, embeddings } = await encoder.encodeQueries(TEXTS);
const texts = TEXTS.map((text, i) => ({ text, embedding: encode(embeddings[i]) }));
const { name, model } = encoder.manifest;
const fixture = { encoder: name, modelSha256: model.sha256, tokenCount, texts };
await mkdir(path.dirname(OUTPUT), { recursive: true });
await writeFile(OUTPUT, `${JSON.stringify(fixture, null, 1)}\n`);
process.stderr.write(`${texts.length} embeddings -> ${OUTPUT}\n`);

/** base64 of little-endian float32. */
function encode(embedding: Float32Array = new Float32Array()): string {
  return Buffer.from(embedding.buffer, embedding.byteOffset, embedding.byteLength).toString("base64");
}
