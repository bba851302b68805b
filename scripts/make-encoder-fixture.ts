/**
 * Writes test/fixtures/encoder/default-encoder.json: embeddings of a few texts by the default encoder in onnxruntime-node and
 * in Node's onnxruntime-web, for the tests that compare the Worker with them. Run it after changing src/assets/encoder:
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

const folder = path.join(root, "src/assets/encoder");
const node = await loadEncoder(folder);
const web = await loadEncoder(folder, { runtime: "web" });
const { tokenCount, embeddings: byNode } = await node.encodeQueries(TEXTS);
const { embeddings: byWeb } = await web.encodeQueries(TEXTS);
const texts = TEXTS.map((text, i) => ({ text, node: encode(byNode[i]), web: encode(byWeb[i]) }));
const fixture = { encoder: node.manifest.name, modelSha256: node.manifest.model.sha256, tokenCount, texts };
await mkdir(path.dirname(OUTPUT), { recursive: true });
await writeFile(OUTPUT, `${JSON.stringify(fixture, null, 1)}\n`);
process.stderr.write(`${texts.length} embeddings -> ${OUTPUT}\n`);

/** base64 of little-endian float32. */
function encode(embedding: Float32Array = new Float32Array()): string {
  return Buffer.from(embedding.buffer, embedding.byteOffset, embedding.byteLength).toString("base64");
}
