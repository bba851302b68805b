import type { Collection } from "../retrieval/types.ts";

/** Records that an isolate remembers, some hundred bytes each; beyond it the oldest is forgotten. */
const MAX_REMEMBERED = 1_000;

/**
 * The records of collections as they were last read. While the database does not answer, a request goes on with them as far as
 * it comes: to the leg of retrieval that works, or to an answer that says that it has no sources.
 */
export class RememberedCollections {
  readonly #records = new Map<string, Collection>();

  of(name: string): Collection | undefined {
    return this.#records.get(name);
  }

  /** Undefined: there is none of that name any more. */
  remember(name: string, collection: Collection | undefined): void {
    this.#records.delete(name);
    if (collection === undefined) {
      return;
    }
    this.#records.set(name, collection);
    const [oldest] = this.#records.keys();
    if (this.#records.size > MAX_REMEMBERED && oldest !== undefined) {
      this.#records.delete(oldest);
    }
  }
}
