import type { OpenAPIHono } from "@hono/zod-openapi";
import { attachFiles } from "../../ingestion/attach-files.ts";
import { createOwnCollection } from "../../ingestion/create-own-collection.ts";
import { deleteCollection } from "../../ingestion/delete-collection.ts";
import type { CollectionFacts } from "../../ingestion/documents/collection-facts.ts";
import { AppError } from "../../shared/errors.ts";
import type { JsonObject } from "../../shared/json.ts";
import type { RouteDependencies } from "../app-dependencies.ts";
import { attachedFiles } from "../attached-files.ts";
import { pageBody } from "../document-body.ts";
import { findVectorStore, newVectorStoreId } from "../find-vector-store.ts";
import type { HttpContext, HttpEnvironment } from "../http-context.ts";
import { readJson } from "../read-json.ts";
import { readQuery } from "../read-query.ts";
import { pageQuerySchema } from "../schemas/documents.ts";
import { jsonRoute } from "../schemas/json-route.ts";
import {
  deletedSchema,
  vectorStoreListSchema,
  vectorStoreParamsSchema,
  vectorStoreRequestSchema,
  vectorStoreSchema,
  vectorStoreUpdateSchema,
} from "../schemas/vector-stores.ts";
import { vectorStoreBody } from "../vector-store-body.ts";

const all = { path: "/v1/vector_stores" } as const;
const one = { path: "/v1/vector_stores/{vector_store_id}", params: vectorStoreParamsSchema } as const;

const routes = [
  jsonRoute({
    method: "post",
    ...all,
    summary: "Create a vector store (OpenAI)",
    request: vectorStoreRequestSchema,
    response: vectorStoreSchema,
  }),
  jsonRoute({
    method: "get",
    ...all,
    summary: "List vector stores (OpenAI)",
    query: pageQuerySchema,
    response: vectorStoreListSchema,
  }),
  jsonRoute({ method: "get", ...one, summary: "One vector store (OpenAI)", response: vectorStoreSchema }),
  jsonRoute({
    method: "post",
    ...one,
    summary: "Change a vector store's name or metadata (OpenAI)",
    request: vectorStoreUpdateSchema,
    response: vectorStoreSchema,
  }),
  jsonRoute({ method: "delete", ...one, summary: "Delete a vector store (OpenAI)", response: deletedSchema }),
];

/** OpenAI's `/v1/vector_stores`: collections under another name; every collection is one. */
export function registerVectorStores(app: OpenAPIHono<HttpEnvironment>, dependencies: RouteDependencies): void {
  const { collectionFacts } = dependencies;
  for (const route of routes) {
    app.openAPIRegistry.registerPath(route);
  }
  const bodyOf = async (c: HttpContext, facts: CollectionFacts): Promise<JsonObject> =>
    vectorStoreBody(facts, await c.get("access").documents.catalog.count(facts.id));
  const factsOf = async (id: string): Promise<CollectionFacts> => {
    const [facts] = await collectionFacts.get([id]);
    if (facts === undefined) {
      throw new AppError("unknown_collection", `vector store "${id}" was deleted meanwhile`);
    }
    return facts;
  };

  app.post("/v1/vector_stores", async (c) => {
    const body = await readJson(c.req.raw, { schema: vectorStoreRequestSchema });
    const { documents } = c.get("access");
    const files = await attachedFiles(
      c,
      dependencies,
      (body.file_ids ?? []).map((id) => ({ file_id: id, chunking_strategy: body.chunking_strategy })),
    );
    const collection = await createOwnCollection(
      { documents, collectionFacts },
      {
        name: newVectorStoreId(c),
        displayName: body.name ?? "",
        metadata: body.metadata ?? {},
        fusion: undefined,
      },
    );
    await attachFiles(documents, collection, files);
    return c.json(await bodyOf(c, await factsOf(collection.name)));
  });
  app.get("/v1/vector_stores", async (c) => {
    const { limit, after, order } = readQuery(c, pageQuerySchema);
    const names = (await c.get("access").store.listCollections()).map(({ name }) => name);
    const facts = (await collectionFacts.get(names)).toSorted(
      (a, b) => (a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1)) * (order === "desc" ? -1 : 1),
    );
    const start = after === undefined ? 0 : facts.findIndex(({ id }) => id === after) + 1;
    const page = await Promise.all(
      facts.slice(start, start + limit + 1).map(async (entry) => ({ id: entry.id, body: await bodyOf(c, entry) })),
    );
    return c.json(pageBody(page, { limit, toBody: ({ body }) => body, idOf: ({ id }) => id }));
  });
  app.get("/v1/vector_stores/:vector_store_id", async (c) =>
    c.json(await bodyOf(c, await factsOf((await findVectorStore(c)).name))),
  );
  app.post("/v1/vector_stores/:vector_store_id", async (c) => {
    const body = await readJson(c.req.raw, { schema: vectorStoreUpdateSchema });
    const facts = await factsOf((await findVectorStore(c)).name);
    await collectionFacts.put({
      ...facts,
      displayName: body.name ?? facts.displayName,
      metadata: body.metadata ?? facts.metadata,
    });
    return c.json(await bodyOf(c, await factsOf(facts.id)));
  });
  app.delete("/v1/vector_stores/:vector_store_id", async (c) => {
    const { name: id } = await findVectorStore(c);
    await deleteCollection(c.get("access").documents, id);
    return c.json({ id, object: "vector_store.deleted", deleted: true });
  });
}
