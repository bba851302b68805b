import { adaptEncoder } from "../encoder/query-adapter.ts";
import type { QueryEncoder, QueryEncoderRequest } from "../retrieval/dense-retriever.ts";
import { chooseQuerySide } from "../retrieval/query-side-settings.ts";
import type { Collection, QuerySide } from "../retrieval/types.ts";
import type { AdapterLibrary } from "./adapter-library.ts";
import { encoderOfModel, findEncoder } from "./encoder-registry.ts";
import type { EncoderRegistry } from "./encoder-registry.ts";

export interface QueryEncodersOptions {
  readonly encoders: EncoderRegistry;
  readonly adapters: AdapterLibrary;
}

/** Chooses the query side of each request and puts it together; see `chooseQuerySide` and `assembleQuerySide`. */
export function createQueryEncoders(
  options: QueryEncodersOptions,
): (request: QueryEncoderRequest) => Promise<QueryEncoder> {
  return ({ collection, querySide, model }) =>
    assembleQuerySide(
      options,
      collection,
      chooseQuerySide({ asked: querySide, model, settings: collection.querySide }),
    );
}

/**
 * The encoder that a query side names, with its adapter. An adapter without a named encoder gets the one it was trained for.
 * @throws AppError `unknown_model`, `unknown_adapter`, and `fingerprint_mismatch` for parts that do not fit.
 */
export async function assembleQuerySide(
  { encoders, adapters }: QueryEncodersOptions,
  collection: Collection,
  side: QuerySide,
): Promise<QueryEncoder> {
  if (side.adapter === undefined || side.adapter === null) {
    const name = side.encoder ?? encoders.defaultName;
    return { encoder: await findEncoder(encoders, name).load(), used: { encoder: name } };
  }
  const adapter = await adapters.find(collection, side.adapter);
  const fitting = side.encoder ?? (await encoderOfModel(encoders, adapter.manifest.queryModel));
  const name = fitting ?? encoders.defaultName;
  return {
    encoder: adaptEncoder(await findEncoder(encoders, name).load(), adapter),
    used: { encoder: name, adapter: { name: side.adapter, sha256: adapter.sha256 } },
  };
}
