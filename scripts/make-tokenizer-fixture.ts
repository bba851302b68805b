/**
 * Writes test/fixtures/tokenizer/bert-uncased.json: the hand-made and random strings, with the ids that Hugging Face's
 * Rust tokenizers gives them, of a golden file made by that library.
 *
 *   node scripts/make-tokenizer-fixture.ts GOLDEN.json.gz
 */
import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { z } from "zod";

const goldenSchema = z.object({
  versions: z.object({ tokenizers: z.string() }),
  single: z.array(z.object({ category: z.string(), text: z.string(), ids: z.array(z.int()) })),
});

const OUTPUT = path.resolve(import.meta.dirname, "../test/fixtures/tokenizer/bert-uncased.json");

const [goldenFile] = process.argv.slice(2);
if (goldenFile === undefined) {
  throw new Error("usage: node scripts/make-tokenizer-fixture.ts GOLDEN.json.gz");
}
const golden = goldenSchema.parse(JSON.parse(gunzipSync(await readFile(goldenFile)).toString("utf8")));
const lines = golden.single.map((entry) => JSON.stringify(entry));
const generator = JSON.stringify(
  `Hugging Face tokenizers ${golden.versions.tokenizers} (Rust), without truncation and padding`,
);
await mkdir(path.dirname(OUTPUT), { recursive: true });
await writeFile(OUTPUT, `{"generator":${generator},"texts":[\n${lines.join(",\n")}\n]}\n`);
process.stderr.write(`${lines.length} texts -> ${OUTPUT}\n`);
