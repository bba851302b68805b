import type { CacheStore } from "./cache-store.ts";

export interface MemoryCacheOptions {
  /** Of values and keys together, at two bytes a character; beyond it what was unused for longest is forgotten. */
  readonly maxBytes: number;
  /** Milliseconds. */
  readonly now: () => number;
}

interface Entry {
  readonly value: string;
  readonly bytes: number;
  readonly until: number;
}

/** A cache in the isolate's memory: costs nothing to ask, and is gone with the isolate. */
export class MemoryCache implements CacheStore {
  readonly #options: MemoryCacheOptions;
  /** In the order of use. */
  readonly #entries = new Map<string, Entry>();
  #bytes = 0;

  constructor(options: MemoryCacheOptions) {
    this.#options = options;
  }

  async get(key: string): Promise<string | undefined> {
    const entry = this.#entries.get(key);
    if (entry === undefined) {
      return undefined;
    }
    this.#forget(key, entry);
    if (entry.until <= this.#options.now()) {
      return undefined;
    }
    this.#keep(key, entry);
    return entry.value;
  }

  async put(key: string, value: string, ttlSeconds: number): Promise<void> {
    const known = this.#entries.get(key);
    if (known !== undefined) {
      this.#forget(key, known);
    }
    const bytes = 2 * (key.length + value.length);
    if (bytes <= this.#options.maxBytes) {
      this.#keep(key, { value, bytes, until: this.#options.now() + ttlSeconds * 1000 });
    }
    for (const [oldest, entry] of this.#entries) {
      if (this.#bytes <= this.#options.maxBytes) {
        break;
      }
      this.#forget(oldest, entry);
    }
  }

  #keep(key: string, entry: Entry): void {
    this.#entries.set(key, entry);
    this.#bytes += entry.bytes;
  }

  #forget(key: string, entry: Entry): void {
    this.#entries.delete(key);
    this.#bytes -= entry.bytes;
  }
}
