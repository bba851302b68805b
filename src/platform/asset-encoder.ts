import { waitUntil } from "cloudflare:workers";
import type { Encoder } from "../encoder/encoder.ts";
import type { EncoderSource } from "../encoder/lazy-encoder.ts";
import { lazyEncoder } from "../encoder/lazy-encoder.ts";
import type { ExpectedFile } from "../encoder/load-manifest.ts";
import { parseManifest, verifyFile } from "../encoder/load-manifest.ts";
import type { EncoderManifest } from "../encoder/manifest.ts";
import { createTokenizer } from "../encoder/tokenizer.ts";
import { PASSAGE_ENCODER_FOLDER } from "../query-side/query-side-configuration.ts";
import { AppError } from "../shared/errors.ts";
import { sha256Hex } from "../shared/sha256-hex.ts";
import { engineOf } from "./engines.ts";

/** Static assets are addressed by path; the host is never looked at. */
const ASSETS = "https://assets.invalid";

/** What the encoder needs of the static asset binding. */
export interface AssetReader {
  fetch(url: string): Promise<Response>;
}

/**
 * The encoder in a folder of the static assets, loaded at the first call and kept for the isolate's life. Keep the
 * returned function outside of any request. Requests that arrive while it loads share the load; a load that failed is
 * tried again by the next request. The load outlives the request that began it, so that a client that goes away
 * does not take the others' encoder with it.
 * @throws AppError `encoder_failed`, from the returned function, when a file is missing or not the manifest's.
 */
export function createAssetEncoder(assets: AssetReader, folder = PASSAGE_ENCODER_FOLDER): EncoderSource {
  return lazyEncoder(() => {
    const loading = loadEncoder(assets, folder);
    waitUntil(loading.catch(() => undefined));
    return loading;
  });
}

/** An encoder's manifest alone: what it is, without loading it. */
export async function readAssetManifest(assets: AssetReader, folder: string): Promise<EncoderManifest> {
  return parseManifest(await (await fetchAsset(assets, `/${folder}/manifest.json`)).text());
}

/** A file of the static assets. Throws `encoder_failed` when there is none. */
export async function readAssetFile(assets: AssetReader, path: string): Promise<Uint8Array> {
  return new Uint8Array(await (await fetchAsset(assets, `/${path}`)).arrayBuffer());
}

async function loadEncoder(assets: AssetReader, folder: string): Promise<Encoder> {
  try {
    const manifest = await readAssetManifest(assets, folder);
    const loadModel = engineOf(manifest);
    const tokenizer = readVerified(assets, folder, manifest.tokenizer).then((file) =>
      createTokenizer(JSON.parse(new TextDecoder().decode(file))),
    );
    tokenizer.catch(() => undefined); // it is awaited later, if the model loads at all
    const model = await fetchAsset(assets, `/${folder}/${manifest.model.file}`);
    return await loadModel({ manifest, model, tokenizer });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError("encoder_failed", `the encoder could not be loaded: ${reason}`, { cause, isRetryable: true });
  }
}

/** An encoder that was trained further has files of the same size: only their digests tell that a manifest is another's. */
async function readVerified(assets: AssetReader, folder: string, expected: ExpectedFile): Promise<ArrayBuffer> {
  const content = await (await fetchAsset(assets, `/${folder}/${expected.file}`)).arrayBuffer();
  verifyFile(expected, { bytes: content.byteLength, sha256: await sha256Hex(content) });
  return content;
}

async function fetchAsset(assets: AssetReader, path: string): Promise<Response> {
  const response = await assets.fetch(ASSETS + path);
  if (!response.ok) {
    throw new AppError("encoder_failed", `static asset ${path} answered ${response.status}`);
  }
  return response;
}
