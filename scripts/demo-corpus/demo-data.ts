import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseManifest } from "../../src/encoder/load-manifest.ts";
import { encoderFingerprint } from "../../src/encoder/manifest.ts";
import { writeFileAtomic } from "../../training/artifacts/atomic-file.ts";
import { sha256Hex } from "../../training/artifacts/meta.ts";
import { readVectorSetMeta } from "../../training/artifacts/vector-set.ts";
import { readProfiles } from "./profiles.ts";
import { toPassages } from "./to-passages.ts";
import type { DemoPassage } from "./to-passages.ts";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

/** The collection that the playground asks unless told otherwise (`DEFAULT_COLLECTION`). */
export const DEMO_COLLECTION = "factbook";
/** Committed: the passages' vectors, int8 with one scale each, by the encoder in `src/assets/encoder`. */
export const DEMO_VECTORS = path.join(ROOT, "scripts", "demo-corpus", "vectors");
/** Not committed: where the corpus and the upload's receipt are kept on this machine. */
export const DEMO_FOLDER = path.join(ROOT, ".aar", "demo");
export const ENCODER_FOLDER = path.join(ROOT, "src", "assets", "encoder");

/** What `npm run build:demo` has to be run for; undefined when all is well. */
export type DemoDrift = string | undefined;

let passages: readonly DemoPassage[] | undefined;

/** All passages of the demo, made once a process: it takes a second. */
export function demoPassages(): readonly DemoPassage[] {
  passages ??= toPassages(readProfiles());
  return passages;
}

/** Makes the demo's `corpus.jsonl` (the same bytes on every machine) in `folder`. */
export async function writeDemoCorpus(
  folder: string,
): Promise<{ readonly file: string; readonly sha256: string; readonly count: number }> {
  const all = demoPassages();
  const content = all.map((passage) => `${JSON.stringify(passage)}\n`).join("");
  const file = path.join(folder, "corpus.jsonl");
  await writeFileAtomic(file, content);
  return { file, sha256: sha256Hex(content), count: all.length };
}

/** Says why the committed vectors do not belong to the corpus that the scripts make, or to the encoder. */
export async function findDemoDrift(corpusSha256: string, vectors = DEMO_VECTORS): Promise<DemoDrift> {
  const meta = await readVectorSetMeta(vectors);
  if (meta === undefined) {
    return `there are no vectors in ${path.relative(ROOT, vectors)}`;
  }
  const manifest = parseManifest(await readFile(path.join(ENCODER_FOLDER, "manifest.json"), "utf8"));
  const fingerprint = await encoderFingerprint(manifest);
  if (meta.facts.encoderFingerprint !== fingerprint) {
    return `the vectors were made by encoder ${meta.facts.encoderFingerprint.slice(0, 12)}, src/assets/encoder is ${fingerprint.slice(0, 12)}`;
  }
  if (meta.inputs["corpus"] !== corpusSha256) {
    return `the vectors were made from corpus ${meta.inputs["corpus"]?.slice(0, 12)}, the scripts now make ${corpusSha256.slice(0, 12)}`;
  }
  return undefined;
}
