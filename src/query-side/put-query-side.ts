import type { Collection, QuerySide, QuerySideSettings } from "../retrieval/types.ts";
import { AppError } from "../shared/errors.ts";
import type { AdapterLibrary } from "./adapter-library.ts";
import type { AdapterStore } from "./adapter-store.ts";
import type { EncoderRegistry } from "./encoder-registry.ts";
import { assembleQuerySide } from "./query-encoders.ts";

export interface QuerySideDependencies {
  readonly adapterStore: AdapterStore;
  readonly adapters: AdapterLibrary;
  readonly encoders: EncoderRegistry;
}

/**
 * Sets which query side a collection uses when, once each of them could be put together. Loads the encoders that it names.
 * Throws what a request with such a query side would meet.
 */
export async function putQuerySide(
  { adapterStore, adapters, encoders }: QuerySideDependencies,
  collection: Collection,
  settings: QuerySideSettings,
): Promise<void> {
  for (const side of sidesOf(settings)) {
    const { encoder, used } = await assembleQuerySide({ encoders, adapters }, collection, side);
    if (encoder.fingerprint !== collection.encoderFingerprint) {
      throw new AppError(
        "fingerprint_mismatch",
        `encoder "${used.encoder}" searches passage vectors ${encoder.fingerprint}, collection "${collection.name}" holds ${collection.encoderFingerprint}`,
        { details: { param: "encoder", expected: collection.encoderFingerprint, got: encoder.fingerprint } },
      );
    }
  }
  await adapterStore.putSettings(collection.name, settings);
}

/**
 * Deletes an adapter. Throws `unknown_adapter`, and `invalid_request` while the collection's settings name it: its requests would
 * fail.
 */
export async function deleteAdapter(
  adapterStore: AdapterStore,
  { name: collection, querySide = {} }: Collection,
  name: string,
): Promise<void> {
  if (sidesOf(querySide).some(({ adapter }) => adapter === name)) {
    throw new AppError(
      "invalid_request",
      `adapter "${name}" is in use by the query side of collection "${collection}"; change that first`,
      { details: { param: "adapter" } },
    );
  }
  if (!(await adapterStore.delete(collection, name))) {
    throw new AppError("unknown_adapter", `collection "${collection}" has no query adapter "${name}"`, {
      details: { param: "adapter" },
    });
  }
}

function sidesOf(settings: QuerySideSettings): QuerySide[] {
  return [settings.default, ...Object.values(settings.models ?? {}), settings.shadow].filter(
    (side) => side !== undefined,
  );
}
