import { createHash } from "node:crypto";
import { copyFile, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { readModelHeader, writeModelHeader } from "../../../src/encoder/engine/model-header.ts";
import { modelLayout } from "../../../src/encoder/engine/model-layout.ts";
import { parseManifest } from "../../../src/encoder/load-manifest.ts";
import { ENCODER_FOLDERS } from "./encoder-folders.ts";

const LAYERS = 2;

/** The first two layers of the shipped encoder, as a folder: what a distilled query encoder costs, not what it finds. */
export async function writeTinyEncoder(): Promise<string> {
  const source = ENCODER_FOLDERS.edge;
  const manifest = parseManifest(await readFile(path.join(source, "manifest.json"), "utf8"));
  const file = new Uint8Array(await readFile(path.join(source, manifest.model.file)));
  const header = { ...readModelHeader(file), layers: LAYERS };
  const model = file.slice(0, modelLayout(header).bytes);
  model.set(writeModelHeader(header));
  const folder = await mkdtemp(path.join(tmpdir(), "aar-tiny-encoder-"));
  const sha256 = createHash("sha256").update(model).digest("hex");
  const described = { ...manifest, model: { ...manifest.model, bytes: model.byteLength, sha256 } };
  await writeFile(path.join(folder, manifest.model.file), model);
  await writeFile(path.join(folder, "manifest.json"), JSON.stringify(described));
  await copyFile(path.join(source, manifest.tokenizer.file), path.join(folder, manifest.tokenizer.file));
  return folder;
}
