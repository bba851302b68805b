import type { Collection } from "../retrieval/types.ts";
import { findCollection } from "./find-collection.ts";
import type { HttpContext } from "./http-context.ts";
import { readParams } from "./read-query.ts";
import { vectorStoreParamsSchema } from "./schemas/vector-stores.ts";

/** The collection that a path names as a vector store. Throws `unknown_collection`. */
export async function findVectorStore(c: HttpContext): Promise<Collection> {
  const { vector_store_id: name } = readParams(c, vectorStoreParamsSchema);
  return await findCollection(c.get("access").store, { name, param: "vector_store_id" });
}

/** A name that no collection has and that the caller may create: his grants may end in `*` after a prefix of his own. */
export function newVectorStoreId(c: HttpContext): string {
  const { collections } = c.get("access").principal.grants;
  const prefix = collections.find((pattern) => pattern.endsWith("*"))?.slice(0, -1) ?? "";
  return `${prefix}vs_${crypto.randomUUID().replaceAll("-", "").slice(0, 24)}`;
}
