import type { LmPast } from "./onnx-lm-layouts.ts";

/** Keeps what an LM made of prompts' beginnings, the least recently used leaving first. */
export class PrefixCache {
  /** In the order of their last use. */
  readonly #kept = new Map<string, LmPast>();
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  get(ids: readonly number[]): LmPast | undefined {
    const key = ids.join(" ");
    const past = this.#kept.get(key);
    if (past !== undefined) {
      this.#kept.delete(key);
      this.#kept.set(key, past);
    }
    return past;
  }

  /** What alone is larger than the whole cache is not kept. */
  set(ids: readonly number[], past: LmPast): void {
    const key = ids.join(" ");
    const bytes = bytesOf(past);
    this.#bytes += bytes - bytesOf(this.#kept.get(key));
    this.#kept.delete(key);
    this.#kept.set(key, past);
    for (const [oldest, dropped] of this.#kept) {
      if (this.#bytes <= this.#maxBytes) {
        break;
      }
      this.#kept.delete(oldest);
      this.#bytes -= bytesOf(dropped);
    }
  }
}

function bytesOf(past: LmPast | undefined): number {
  return [...(past?.caches.values() ?? [])].reduce((sum, { data }) => sum + data.byteLength, 0);
}
