import { waitUntil } from "cloudflare:workers";
import type { Encoder } from "../encoder/encoder.ts";
import type { EncoderSource } from "../encoder/lazy-encoder.ts";
import { lazyEncoder } from "../encoder/lazy-encoder.ts";
import type { ExpectedFile } from "../encoder/load-manifest.ts";
import { parseManifest, verifyFile } from "../encoder/load-manifest.ts";
import type { EncoderManifest } from "../encoder/manifest.ts";
import { createOnnxEncoder, ONE_TEXT_A_PASS } from "../encoder/onnx-encoder.ts";
import { createTokenizer } from "../encoder/tokenizer.ts";
import { PASSAGE_ENCODER_FOLDER } from "../query-side/query-side-configuration.ts";
import { AppError } from "../shared/errors.ts";
import { loadEdgeEncoder } from "./edge-engine.ts";
import type { LoadAssetEncoderOptions } from "./edge-engine.ts";

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
    const tokenizer = readVerified(assets, folder, manifest.tokenizer).then((file) =>
      createTokenizer(JSON.parse(new TextDecoder().decode(file))),
    );
    tokenizer.catch(() => undefined); // it is awaited later, if the model loads at all
    const model = await fetchAsset(assets, `/${folder}/${manifest.model.file}`);
    return await ENGINES[manifest.model.engine ?? "onnx"]({ manifest, model, tokenizer });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError("encoder_failed", `the encoder could not be loaded: ${reason}`, { cause, isRetryable: true });
  }
}

/** What runs a model, by the manifest's `model.engine`. */
const ENGINES: Record<
  NonNullable<EncoderManifest["model"]["engine"]>,
  (options: LoadAssetEncoderOptions) => Promise<Encoder>
> = {
  edge: loadEdgeEncoder,
  onnx: loadOnnxEncoder,
};

async function loadOnnxEncoder({ manifest, model, tokenizer }: LoadAssetEncoderOptions): Promise<Encoder> {
  // Imported when it is needed: 14 MB of WebAssembly that most Workers never run.
  const { createWebSession } = await import("./onnx-runtime-web.ts");
  const content = await model.arrayBuffer();
  verifyFile(manifest.model, { bytes: content.byteLength, sha256: await sha256(content) });
  return await createOnnxEncoder({
    manifest,
    tokenizer: await tokenizer,
    session: await createWebSession({ model: new Uint8Array(content), ...manifest.model }),
    maxBatchTokens: ONE_TEXT_A_PASS,
  });
}

/** An encoder that was trained further has files of the same size: only their digests tell that a manifest is another's. */
async function readVerified(assets: AssetReader, folder: string, expected: ExpectedFile): Promise<ArrayBuffer> {
  const content = await (await fetchAsset(assets, `/${folder}/${expected.file}`)).arrayBuffer();
  verifyFile(expected, { bytes: content.byteLength, sha256: await sha256(content) });
  return content;
}

async function fetchAsset(assets: AssetReader, path: string): Promise<Response> {
  const response = await assets.fetch(ASSETS + path);
  if (!response.ok) {
    throw new AppError("encoder_failed", `static asset ${path} answered ${response.status}`);
  }
  return response;
}

async function sha256(content: ArrayBuffer): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", content));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
