import type { PassageStore } from "../retrieval/passage-store.ts";
import type { Collection } from "../retrieval/types.ts";
import { AppError } from "../shared/errors.ts";

export interface FindCollectionOptions {
  readonly name: string;
  /** The request's field that named it, for the error. */
  readonly param: string;
}

/** Throws `unknown_collection`, saying what to do. Other collections are not listed: a client key may not know of them. */
export async function findCollection(store: PassageStore, { name, param }: FindCollectionOptions): Promise<Collection> {
  const collection = await store.getCollection(name);
  if (collection === undefined) {
    throw new AppError(
      "unknown_collection",
      `there is no collection "${name}"; create it with POST /v1/collections or \`npm run aar -- upload\``,
      {
        details: { param },
      },
    );
  }
  return collection;
}
