import type { Encoder } from "../../src/encoder/encoder.ts";
import type { AppDependencies } from "../../src/http/app-dependencies.ts";
import { createAdapterLibrary } from "../../src/query-side/adapter-library.ts";
import type { AdapterRecord } from "../../src/query-side/adapter-store.ts";
import type { EncoderRegistry } from "../../src/query-side/encoder-registry.ts";
import type { ShadowRecord } from "../../src/query-side/shadow-record.ts";
import { fakeEncoder } from "./fake-encoder.ts";

/** A registry of encoders that are there already; the first is the default. */
export function encoderRegistry(encoders: Readonly<Record<string, Encoder>>): EncoderRegistry {
  return {
    defaultName: Object.keys(encoders)[0] ?? "",
    entries: new Map(
      Object.entries(encoders).map(([name, encoder]) => [
        name,
        { manifest: () => Promise.resolve(encoder.manifest), load: () => Promise.resolve(encoder) },
      ]),
    ),
  };
}

/** Query sides in memory: the fake encoder, named `default`, and what a test uploads. */
export function fakeQuerySide(encoders = encoderRegistry({ default: fakeEncoder() })): AppDependencies["querySide"] & {
  readonly shadows: readonly ShadowRecord[];
} {
  const adapters = new Map<string, AdapterRecord & { readonly file: Uint8Array }>();
  const shadows: ShadowRecord[] = [];
  const keyOf = (collection: string, name: string): string => JSON.stringify([collection, name]);
  const adapterStore: AppDependencies["querySide"]["adapterStore"] = {
    list: (collection) =>
      Promise.resolve([...adapters].filter(([key]) => key.startsWith(`["${collection}"`)).map(([, record]) => record)),
    read: (collection, name) => Promise.resolve(adapters.get(keyOf(collection, name))?.file),
    put: (collection, adapter) => {
      adapters.set(keyOf(collection, adapter.name), adapter);
      return Promise.resolve();
    },
    delete: (collection, name) => Promise.resolve(adapters.delete(keyOf(collection, name))),
    putSettings: () => Promise.resolve(),
  };
  return {
    encoders,
    adapterStore,
    adapters: createAdapterLibrary({
      store: adapterStore,
      files: new Map(),
      readFile: (path) => Promise.reject(new Error(`no static file ${path} here`)),
    }),
    shadowStore: {
      add: (record) => {
        shadows.push(record);
        return Promise.resolve();
      },
      summarize: () => Promise.resolve([]),
    },
    shadows,
  };
}
