import type { OpenAPIHono } from "@hono/zod-openapi";
import { createOwnCollection } from "../../ingestion/create-own-collection.ts";
import { deleteCollection } from "../../ingestion/delete-collection.ts";
import type { Collection } from "../../retrieval/types.ts";
import { AppError } from "../../shared/errors.ts";
import type { JsonObject } from "../../shared/json.ts";
import type { RouteDependencies } from "../app-dependencies.ts";
import { collectionBody, fusionSettings } from "../collection-body.ts";
import { pageBody } from "../document-body.ts";
import { findCollection } from "../find-collection.ts";
import type { HttpContext, HttpEnvironment } from "../http-context.ts";
import { readJson } from "../read-json.ts";
import { readParams, readQuery } from "../read-query.ts";
import { collectionDeletedSchema, collectionParamsSchema } from "../schemas/collections.ts";
import { jsonRoute } from "../schemas/json-route.ts";
import {
  collectionPageQuerySchema,
  ownCollectionListSchema,
  ownCollectionRequestSchema,
  ownCollectionSchema,
} from "../schemas/own-collections.ts";

const all = { path: "/v1/collections" } as const;
const one = { path: "/v1/collections/{name}", params: collectionParamsSchema } as const;

const routes = [
  jsonRoute({
    method: "post",
    ...all,
    summary: "Create a collection, or change its labels",
    description: "Of this Worker's own encoder. What is left out stays as it is.",
    request: ownCollectionRequestSchema,
    response: ownCollectionSchema,
  }),
  jsonRoute({
    method: "get",
    ...all,
    summary: "List collections",
    query: collectionPageQuerySchema,
    response: ownCollectionListSchema,
  }),
  jsonRoute({ method: "get", ...one, summary: "One collection", response: ownCollectionSchema }),
  jsonRoute({
    method: "delete",
    ...one,
    summary: "Delete a collection with its documents, passages and vectors",
    response: collectionDeletedSchema,
  }),
];

/** `/v1/collections`: collections that are filled with documents. */
export function registerOwnCollections(app: OpenAPIHono<HttpEnvironment>, dependencies: RouteDependencies): void {
  const { collectionFacts } = dependencies;
  for (const route of routes) {
    app.openAPIRegistry.registerPath(route);
  }
  const collectionOf = (c: HttpContext): Promise<Collection> =>
    findCollection(c.get("access").store, { name: readParams(c, collectionParamsSchema).name, param: "name" });

  app.post("/v1/collections", async (c) => {
    const body = await readJson(c.req.raw, { schema: ownCollectionRequestSchema });
    const collection = await createOwnCollection(
      { documents: c.get("access").documents, collectionFacts },
      {
        name: body.name,
        displayName: body.display_name,
        metadata: body.metadata,
        fusion: body.fusion === undefined ? undefined : fusionSettings(body.fusion),
      },
    );
    return c.json(await ownCollectionBody(c, dependencies, collection));
  });
  app.get("/v1/collections", async (c) => {
    const { limit, after } = readQuery(c, collectionPageQuerySchema);
    const known = await c.get("access").store.listCollections();
    const start = after === undefined ? 0 : known.findIndex(({ name }) => name === after) + 1;
    const page = known.slice(start, start + limit + 1);
    const bodies = await Promise.all(
      page.map(async (collection) => ({
        id: collection.name,
        body: await ownCollectionBody(c, dependencies, collection),
      })),
    );
    return c.json(pageBody(bodies, { limit, toBody: ({ body }) => body, idOf: ({ id }) => id }));
  });
  app.get("/v1/collections/:name", async (c) =>
    c.json(await ownCollectionBody(c, dependencies, await collectionOf(c))),
  );
  app.delete("/v1/collections/:name", async (c) => {
    const { name } = await collectionOf(c);
    const passages = await deleteCollection(c.get("access").documents, name);
    return c.json({ object: "collection.deleted", name, deleted: true, passages });
  });
}

async function ownCollectionBody(
  c: HttpContext,
  { collectionFacts }: RouteDependencies,
  collection: Collection,
): Promise<JsonObject> {
  const { documents } = c.get("access");
  const [[facts], counts] = await Promise.all([
    collectionFacts.get([collection.name]),
    documents.catalog.count(collection.name),
  ]);
  if (facts === undefined) {
    throw new AppError("unknown_collection", `collection "${collection.name}" was deleted meanwhile`);
  }
  return {
    ...collectionBody(collection),
    display_name: facts.displayName,
    metadata: facts.metadata,
    created_at: facts.createdAt,
    document_counts: {
      in_progress: counts.inProgress,
      completed: counts.completed,
      failed: counts.failed,
      cancelled: counts.cancelled,
    },
  };
}
