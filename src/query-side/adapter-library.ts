import { decodeQueryAdapter } from "../encoder/query-adapter.ts";
import type { QueryAdapter } from "../encoder/query-adapter.ts";
import type { Collection } from "../retrieval/types.ts";
import { AppError, toAppError } from "../shared/errors.ts";
import type { AdapterStore } from "./adapter-store.ts";

/** Decoded adapters kept by an isolate: a linear one of 384 dimensions is 0.6 MB of its 128. */
const MAX_KEPT_BYTES = 16_000_000;

export interface AdapterLibraryOptions {
  readonly store: Pick<AdapterStore, "read">;
  /** Name -> path of the static asset, from the configuration. */
  readonly files: ReadonlyMap<string, string>;
  readonly readFile: (path: string) => Promise<Uint8Array>;
  /** Default 16 MB of files. */
  readonly maxKeptBytes?: number;
}

/** Finds adapters by name: those uploaded to a collection first, then those that came with the Worker. */
export interface AdapterLibrary {
  /** Throws `unknown_adapter`, `configuration_invalid` for a static file that is no adapter. */
  find(collection: Pick<Collection, "name" | "version">, name: string): Promise<QueryAdapter>;
  /** Names of those that came with the Worker. */
  readonly staticNames: readonly string[];
}

interface Kept {
  readonly adapter: QueryAdapter;
  readonly bytes: number;
}

/**
 * Keeps what it decoded. An upload raises its collection's version, which is part of the key, so no isolate uses a replaced
 * adapter, and one in use costs no read.
 */
export function createAdapterLibrary(options: AdapterLibraryOptions): AdapterLibrary {
  const { store, files, readFile, maxKeptBytes = MAX_KEPT_BYTES } = options;
  const kept = new Map<string, Kept>();

  async function load(collection: string, name: string): Promise<Kept> {
    const uploaded = await store.read(collection, name);
    if (uploaded !== undefined) {
      return { adapter: await decodeQueryAdapter(uploaded, `adapter "${name}"`), bytes: uploaded.byteLength };
    }
    const file = files.get(name);
    if (file === undefined) {
      throw new AppError(
        "unknown_adapter",
        `collection "${collection}" has no query adapter "${name.slice(0, 128)}"; load one with \`npm run aar -- adapters load\``,
        { details: { param: "adapter" } },
      );
    }
    return await loadStatic(name, file);
  }

  async function loadStatic(name: string, file: string): Promise<Kept> {
    try {
      const bytes = await readFile(file);
      return { adapter: await decodeQueryAdapter(bytes, file), bytes: bytes.byteLength };
    } catch (cause) {
      const { message } = toAppError(cause);
      throw new AppError("configuration_invalid", `ADAPTERS: "${name}" cannot be loaded: ${message}`, { cause });
    }
  }

  return {
    staticNames: [...files.keys()],
    async find({ name: collection, version }, name) {
      const key = JSON.stringify([collection, version, name]);
      const found = kept.get(key) ?? (await load(collection, name));
      // Deleted and set again: a Map iterates by insertion, so the first is the one unused for longest.
      kept.delete(key);
      kept.set(key, found);
      let total = [...kept.values()].reduce((sum, { bytes }) => sum + bytes, 0);
      for (const [oldest, { bytes }] of kept) {
        if (total <= maxKeptBytes || oldest === key) {
          break;
        }
        kept.delete(oldest);
        total -= bytes;
      }
      return found.adapter;
    },
  };
}
