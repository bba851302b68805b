import { createHash } from "node:crypto";
import { createReadStream, existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { createEdgeEncoder, passTokens } from "../../src/encoder/edge-encoder.ts";
import type { Encoder } from "../../src/encoder/encoder.ts";
import { parseManifest, verifyFile } from "../../src/encoder/load-manifest.ts";
import type { EncoderManifest } from "../../src/encoder/manifest.ts";
import { createOnnxEncoder, ONE_TEXT_A_PASS } from "../../src/encoder/onnx-encoder.ts";
import type { TextTokenizer } from "../../src/encoder/tokenizer.ts";
import { createTokenizer } from "../../src/encoder/tokenizer.ts";
import { AppError } from "../../src/shared/errors.ts";
import type { BareEncoderSettings } from "./bare-manifest.ts";
import { bareManifest } from "./bare-manifest.ts";
import { overThreads } from "./edge-engine-threads.ts";
import { loadEdgeEngine } from "./load-edge-engine.ts";
import type { OnnxGraph } from "./onnx-graph.ts";
import type { LoadGraphOptions } from "./onnx-runtime-node-session.ts";
import { loadNodeGraph } from "./onnx-runtime-node-session.ts";
import { loadWebGraph } from "./onnx-runtime-web-session.ts";

/** What runs an ONNX graph (a model of the edge engine is run by that, in any case): `node` is fast; `web` is the WebAssembly build of `src/index-with-onnx.ts`, to the last bits. */
const ENCODER_RUNTIMES = {
  node: { loadGraph: loadNodeGraph, maxBatchTokens: undefined },
  web: { loadGraph: loadWebGraph, maxBatchTokens: ONE_TEXT_A_PASS },
} as const satisfies Record<string, RuntimeLoader>;

interface RuntimeLoader {
  readonly loadGraph: (options: LoadGraphOptions) => Promise<OnnxGraph>;
  /** Where the encoder's default will not do. */
  readonly maxBatchTokens: number | undefined;
}

export type EncoderRuntime = keyof typeof ENCODER_RUNTIMES;

export interface LoadEncoderOptions extends BareEncoderSettings {
  /** Default `node`. */
  readonly runtime?: EncoderRuntime | undefined;
  /** Threads of one forward pass, or, of the edge engine, passes side by side; the runtime `web` has only one. Default 1. */
  readonly threads?: number;
  /** See `CreateOnnxEncoderOptions`. */
  readonly maxBatchTokens?: number;
}

/** Files of a folder without a manifest: what `training/` exports, or a Hugging Face repository has in a folder of its own. */
const BARE_MODEL_FILE = "model.onnx";
const REPOSITORY_MODEL_FILE = "onnx/model.onnx";
const TOKENIZER_FILE = "tokenizer.json";

/**
 * Loads an encoder folder. With a `manifest.json` the folder says all about itself, and its files are checked against the
 * manifest's sha256; settings given here then override single fields (a shorter `maxPassageLength`, say), and with them the
 * fingerprint. Without one the folder must hold `model.onnx` (or `onnx/model.onnx`) and `tokenizer.json`, and the rest is read from the graph, from
 * `settings`, or is MiniLM's: mean pooling, unit length, no prefixes, 256 tokens.
 * @throws AppError `invalid_artifact` for a file that is missing, unreadable or not the manifest's.
 */
export async function loadEncoder(
  directory: string,
  {
    runtime = "node",
    threads,
    maxBatchTokens = ENCODER_RUNTIMES[runtime].maxBatchTokens,
    ...settings
  }: LoadEncoderOptions = {},
): Promise<Encoder> {
  const manifestText = await readOptional(join(directory, "manifest.json"));
  const declared = manifestText === undefined ? undefined : parseManifest(manifestText);
  const modelFile = declared?.model.file ?? bareModelFile(directory);
  const modelPath = join(directory, modelFile);
  const tokenizerPath = join(directory, declared?.tokenizer.file ?? TOKENIZER_FILE);
  const [model, tokenizerFile] = await Promise.all([digestFile(modelPath), digestFile(tokenizerPath)]);
  if (declared !== undefined) {
    verifyFile(declared.model, model);
    verifyFile(declared.tokenizer, tokenizerFile);
  }
  if (declared?.model.engine === "edge") {
    const manifest = overrideManifest(declared, settings);
    const model = { expected: declared.model, rows: passTokens(manifest) };
    const engine = await loadEdgeEngine(modelPath, model);
    return await createEdgeEncoder({
      manifest,
      tokenizer: await readTokenizer(tokenizerPath),
      engine: threads === undefined || threads === 1 ? engine : overThreads(engine, { modelPath, ...model, threads }),
    });
  }
  const graph = await ENCODER_RUNTIMES[runtime].loadGraph({ modelPath, ...(threads === undefined ? {} : { threads }) });
  const manifest: EncoderManifest =
    declared === undefined
      ? bareManifest({
          name: basename(resolve(directory)),
          model: { file: modelFile, ...model },
          tokenizer: { file: TOKENIZER_FILE, sha256: tokenizerFile.sha256 },
          graph,
          settings,
        })
      : overrideManifest(declared, settings);
  return createOnnxEncoder({
    manifest,
    tokenizer: await readTokenizer(tokenizerPath),
    session: graph.session(manifest.model),
    ...(maxBatchTokens === undefined ? {} : { maxBatchTokens }),
  });
}

function bareModelFile(directory: string): string {
  const isRepository =
    !existsSync(join(directory, BARE_MODEL_FILE)) && existsSync(join(directory, REPOSITORY_MODEL_FILE));
  return isRepository ? REPOSITORY_MODEL_FILE : BARE_MODEL_FILE;
}

function overrideManifest(manifest: EncoderManifest, { output, ...settings }: BareEncoderSettings): EncoderManifest {
  const given = Object.fromEntries(Object.entries(settings).filter(([, value]) => value !== undefined));
  return { ...manifest, ...given, model: { ...manifest.model, output: output ?? manifest.model.output } };
}

async function readOptional(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (isMissing(error)) {
      return undefined;
    }
    throw unreadable(path, error);
  }
}

async function readTokenizer(path: string): Promise<TextTokenizer> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new AppError("invalid_artifact", `${path} is not JSON`, { cause });
  }
  return createTokenizer(json);
}

/** Streamed: an fp32 model may be larger than a buffer can be. */
async function digestFile(path: string): Promise<{ bytes: number; sha256: string }> {
  const hash = createHash("sha256");
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
      bytes += chunk.byteLength;
      hash.update(chunk);
    }
  } catch (error) {
    throw unreadable(path, error);
  }
  return { bytes, sha256: hash.digest("hex") };
}

function unreadable(path: string, cause: unknown): AppError {
  const reason = isMissing(cause)
    ? "does not exist"
    : `cannot be read (${cause instanceof Error ? cause.message : String(cause)})`;
  return new AppError(
    "invalid_artifact",
    `encoder file ${path} ${reason}; expected a folder with manifest.json, or with ${BARE_MODEL_FILE} and ${TOKENIZER_FILE}`,
    { cause },
  );
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ENOENT";
}
