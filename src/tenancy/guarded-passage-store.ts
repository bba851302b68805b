import type { CollectionSettings, LexicalSearch, PassageStore, StoredPassageIds } from "../retrieval/passage-store.ts";
import type { Collection, Passage, ScoredPassage } from "../retrieval/types.ts";
import { AppError } from "../shared/errors.ts";
import { isGranted, type Principal } from "./principal.ts";
import { RememberedCollections } from "./remembered-collections.ts";

/**
 * The passage store as one caller sees it: collections that were not granted do not exist. The only store that routes get,
 * so that no filter, header or body leads around it, and the same words are said of a collection of somebody else as of
 * none at all. Creating one that was not granted is `forbidden`, whether it exists or not.
 */
export class GuardedPassageStore implements PassageStore {
  readonly #store: PassageStore;
  readonly #granted: readonly string[];
  readonly #remembered: RememberedCollections;

  constructor(store: PassageStore, { grants }: Principal, remembered = new RememberedCollections()) {
    this.#store = store;
    this.#granted = grants.collections;
    this.#remembered = remembered;
  }

  /** While the database does not answer, the record as it was last read. Throws `retrieval_failed` without one. */
  async getCollection(name: string): Promise<Collection | undefined> {
    if (!this.#isGranted(name)) {
      return undefined;
    }
    try {
      const collection = await this.#store.getCollection(name);
      this.#remembered.remember(name, collection);
      return collection;
    } catch (error) {
      // What has a code is for a person to mend.
      const known = error instanceof AppError ? undefined : this.#remembered.of(name);
      if (known === undefined) {
        throw error instanceof AppError
          ? error
          : new AppError("retrieval_failed", "the text store does not answer", { cause: error, isRetryable: true });
      }
      return known;
    }
  }

  async listCollections(): Promise<readonly Collection[]> {
    return (await this.#store.listCollections()).filter(({ name }) => this.#isGranted(name));
  }

  async putCollection(settings: CollectionSettings): Promise<Collection> {
    if (!this.#isGranted(settings.name)) {
      throw new AppError(
        "forbidden",
        `this key is for collections named ${this.#granted.join(", ") || "(none)"}, not for "${settings.name}"`,
        { details: { param: "name" } },
      );
    }
    return await this.#store.putCollection(settings);
  }

  async upsertPassages(collection: string, passages: readonly Passage[]): Promise<void> {
    await this.#store.upsertPassages(this.#require(collection), passages);
  }

  async deletePassages(collection: string, ids: readonly string[]): Promise<void> {
    await this.#store.deletePassages(this.#require(collection), ids);
  }

  async getPassages(collection: string, ids: readonly string[]): Promise<readonly Passage[]> {
    return await this.#store.getPassages(this.#require(collection), ids);
  }

  async getPassageIds(collection: string, vectorIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    return await this.#store.getPassageIds(this.#require(collection), vectorIds);
  }

  async searchLexical(search: LexicalSearch): Promise<readonly ScoredPassage[]> {
    this.#require(search.collection);
    return await this.#store.searchLexical(search);
  }

  async firstUploadedIds(collection: string, limit: number): Promise<readonly StoredPassageIds[]> {
    return await this.#store.firstUploadedIds(this.#require(collection), limit);
  }

  async uploadedIdsOfDocuments(
    collection: string,
    documentIds: readonly string[],
    limit: number,
  ): Promise<readonly StoredPassageIds[]> {
    return await this.#store.uploadedIdsOfDocuments(this.#require(collection), documentIds, limit);
  }

  async dropEmptyCollection(name: string): Promise<boolean> {
    return await this.#store.dropEmptyCollection(this.#require(name));
  }

  #isGranted(name: string): boolean {
    return isGranted(this.#granted, name);
  }

  #require(name: string): string {
    if (!this.#isGranted(name)) {
      throw new AppError("unknown_collection", `there is no collection "${name}"`);
    }
    return name;
  }
}
