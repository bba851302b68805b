import { decodeQueryAdapter } from "../encoder/query-adapter.ts";
import type { Collection } from "../retrieval/types.ts";
import { AppError, toAppError } from "../shared/errors.ts";
import type { AdapterRecord, AdapterStore } from "./adapter-store.ts";
import { encoderOfModel } from "./encoder-registry.ts";
import type { EncoderRegistry } from "./encoder-registry.ts";

/** A linear adapter of 1,024 dimensions has 4.2 MB. */
export const MAX_ADAPTER_BYTES = 5 * 1024 * 1024;

export interface PutAdapterDependencies {
  readonly adapterStore: AdapterStore;
  readonly encoders: EncoderRegistry;
}

export interface UploadedAdapter {
  readonly name: string;
  readonly file: Uint8Array;
  /** sha256 (hex) of the file, as the sender has it. */
  readonly sha256: string;
}

/**
 * Takes an adapter file into a collection once everything fits: the file to its hash, the weights to the manifest, the manifest
 * to the collection's vectors and to a query encoder of this Worker.
 * @throws AppError `invalid_request` for a file that is damaged or no adapter, `dims_mismatch` and `fingerprint_mismatch` for one
 *   that was trained for other vectors or another query encoder.
 */
export async function putAdapter(
  { adapterStore, encoders }: PutAdapterDependencies,
  collection: Collection,
  { name, file, sha256 }: UploadedAdapter,
): Promise<AdapterRecord> {
  const adapter = await decodeUpload(file, name);
  const { manifest } = adapter;
  if (adapter.sha256 !== sha256) {
    throw new AppError(
      "invalid_request",
      `adapter "${name}" arrived with sha256 ${adapter.sha256}, the request says ${sha256}; send it again`,
      { details: { param: "sha256" } },
    );
  }
  if (manifest.dims !== collection.dims) {
    throw new AppError(
      "dims_mismatch",
      `adapter "${name}" maps ${manifest.dims} dimensions, collection "${collection.name}" has ${collection.dims}; train one for it`,
      { details: { param: "content", expected: collection.dims, got: manifest.dims } },
    );
  }
  if (manifest.compatibleWith !== collection.encoderFingerprint) {
    throw new AppError(
      "fingerprint_mismatch",
      `adapter "${name}" was trained for passage vectors ${manifest.compatibleWith}, collection "${collection.name}" holds ${collection.encoderFingerprint}; train one for it`,
      { details: { param: "content", expected: collection.encoderFingerprint, got: manifest.compatibleWith } },
    );
  }
  if ((await encoderOfModel(encoders, manifest.queryModel)) === undefined) {
    throw new AppError(
      "fingerprint_mismatch",
      `adapter "${name}" was trained on query model ${manifest.queryModel}, which none of this Worker's encoders has (${[...encoders.entries.keys()].join(", ")}); train one for them`,
      { details: { param: "content", got: manifest.queryModel } },
    );
  }
  const record: AdapterRecord = { name, sha256, bytes: file.byteLength, manifest };
  await adapterStore.put(collection.name, { ...record, file });
  return record;
}

async function decodeUpload(file: Uint8Array, name: string): Promise<Awaited<ReturnType<typeof decodeQueryAdapter>>> {
  try {
    return await decodeQueryAdapter(file, `adapter "${name}"`);
  } catch (cause) {
    const { code, message } = toAppError(cause);
    throw code === "invalid_artifact"
      ? new AppError("invalid_request", message, { cause, details: { param: "content" } })
      : cause;
  }
}
