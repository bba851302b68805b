import path from "node:path";
import type { Encoder } from "../../src/encoder/encoder.ts";
import type { EncoderManifest } from "../../src/encoder/manifest.ts";
import { AppError } from "../../src/shared/errors.ts";
import { loadEncoder } from "../encoder/load-encoder.ts";
import type { OpenEncoder } from "./compare-encoders.ts";
import type { SourceFiles } from "./open-other-model.ts";

const DEFAULT_QUERY_LENGTH = 128;

/** Flags about the source; those of the manifest override it. */
export interface SourceOptions {
  /** Its folder. */
  readonly model: string;
  /** Of a query encoder: folder of the encoder whose passage vectors it is to search. */
  readonly passageEncoder?: string | undefined;
  readonly name?: string | undefined;
  readonly graphOutput?: string | undefined;
  readonly pooling?: EncoderManifest["pooling"] | undefined;
  readonly queryPrefix?: string | undefined;
  readonly passagePrefix?: string | undefined;
  readonly maxQueryLength?: number | undefined;
  readonly maxPassageLength?: number | undefined;
  readonly licence?: string | undefined;
  readonly source?: string | undefined;
}

/** The fp32 encoder, its files, and the manifest that the int8 one inherits. */
export interface Source extends OpenEncoder, SourceFiles {
  /** Of a query encoder: what its queries search. */
  readonly passageEncoder: Encoder | undefined;
}

/**
 * Opens the encoder to quantise, with what flags say over its manifest.
 * @throws AppError `invalid_artifact` when it is int8 already; `invalid_request` when `passageEncoder` does not fit.
 */
export async function openSource(given: SourceOptions, threads: number): Promise<Source> {
  const encoder = await loadEncoder(given.model, {
    threads,
    pooling: given.pooling,
    queryPrefix: given.queryPrefix,
    passagePrefix: given.passagePrefix,
    maxQueryLength: given.maxQueryLength ?? DEFAULT_QUERY_LENGTH,
    maxPassageLength: given.maxPassageLength,
    output: given.graphOutput,
  });
  const { manifest } = encoder;
  if (manifest.dtype !== "fp32") {
    throw new AppError("invalid_artifact", `${given.model} is ${manifest.dtype} already; quantise the fp32 encoder`);
  }
  const passageEncoder =
    given.passageEncoder === undefined
      ? undefined
      : await openPassageEncoder(given.passageEncoder, { encoder, threads });
  return {
    encoder,
    passageEncoder,
    modelPath: path.join(given.model, manifest.model.file),
    tokenizerPath: path.join(given.model, manifest.tokenizer.file),
    manifest: {
      ...manifest,
      ...(passageEncoder === undefined ? {} : { compatibleWith: passageEncoder.fingerprint }),
      name: given.name ?? `${manifest.name}-int8`,
      licence: given.licence ?? manifest.licence,
      provenance: { ...manifest.provenance, ...(given.source === undefined ? {} : { source: given.source }) },
    },
  };
}

/** Throws when the source is no query encoder, or its embeddings are not those of the other's space. */
async function openPassageEncoder(
  folder: string,
  { encoder, threads }: { readonly encoder: Encoder; readonly threads: number },
): Promise<Encoder> {
  const { name, compatibleWith, dims } = encoder.manifest;
  if (compatibleWith === undefined) {
    throw new AppError(
      "invalid_request",
      `${name} encodes its own passages (no compatibleWith in its manifest); leave --passage-encoder out`,
    );
  }
  const passageEncoder = await loadEncoder(folder, { threads });
  if (passageEncoder.manifest.dims !== dims) {
    throw new AppError(
      "invalid_request",
      `--passage-encoder ${folder} has ${passageEncoder.manifest.dims} dimensions, ${name} has ${dims}`,
    );
  }
  return passageEncoder;
}
