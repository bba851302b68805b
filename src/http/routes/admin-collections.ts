import type { OpenAPIHono } from "@hono/zod-openapi";
import { deleteCollection } from "../../ingestion/delete-collection.ts";
import { putCollection } from "../../ingestion/put-collection.ts";
import { upsertPassages } from "../../ingestion/upsert-passages.ts";
import type { RouteDependencies } from "../app-dependencies.ts";
import { collectionBody, collectionSettings, encodedPassage } from "../collection-body.ts";
import { findCollection } from "../find-collection.ts";
import type { HttpContext, HttpEnvironment } from "../http-context.ts";
import { invalidRequest, readJson, UPLOAD_BODY_LIMIT_BYTES } from "../read-json.ts";
import {
  collectionDeletedSchema,
  collectionListSchema,
  collectionParamsSchema,
  collectionRequestSchema,
  collectionSchema,
  passagesRequestSchema,
  passagesResponseSchema,
} from "../schemas/collections.ts";
import { jsonRoute } from "../schemas/json-route.ts";

const one = { path: "/v1/admin/collections/{name}", params: collectionParamsSchema } as const;

const routes = [
  jsonRoute({
    method: "get",
    path: "/v1/admin/collections",
    summary: "List collections",
    response: collectionListSchema,
  }),
  jsonRoute({ method: "get", ...one, summary: "One collection", response: collectionSchema }),
  jsonRoute({
    method: "put",
    ...one,
    summary: "Create a collection, or change how it fuses",
    request: collectionRequestSchema,
    response: collectionSchema,
  }),
  jsonRoute({
    method: "delete",
    ...one,
    summary: "Delete a collection with its passages and vectors",
    response: collectionDeletedSchema,
  }),
  jsonRoute({
    method: "post",
    path: "/v1/admin/collections/{name}/passages",
    params: collectionParamsSchema,
    summary: "Insert or replace passages with their vectors",
    description: "Idempotent by passage id. The demo and `npm run aar -- upload` use it, locally and in production.",
    request: passagesRequestSchema,
    response: passagesResponseSchema,
  }),
];

/** `/v1/admin/collections`: what is searched. The way in for local and production alike. */
export function registerAdminCollections(app: OpenAPIHono<HttpEnvironment>, dependencies: RouteDependencies): void {
  const { vectorIndex } = dependencies;
  for (const route of routes) {
    app.openAPIRegistry.registerPath(route);
  }
  app.get("/v1/admin/collections", async (c) =>
    c.json({ object: "list", data: (await c.get("access").store.listCollections()).map(collectionBody) }),
  );
  app.get("/v1/admin/collections/:name", async (c) =>
    c.json(collectionBody(await findCollection(c.get("access").store, { name: nameOf(c), param: "name" }))),
  );
  app.put("/v1/admin/collections/:name", async (c) => {
    const body = await readJson(c.req.raw, { schema: collectionRequestSchema });
    const { store } = c.get("access");
    return c.json(collectionBody(await putCollection({ store, vectorIndex }, collectionSettings(nameOf(c), body))));
  });
  app.delete("/v1/admin/collections/:name", async (c) => {
    const name = nameOf(c);
    const passages = await deleteCollection(c.get("access").documents, name);
    return c.json({ object: "collection.deleted", name, deleted: true, passages });
  });
  app.post("/v1/admin/collections/:name/passages", (c) => uploadPassages(c, dependencies));
}

async function uploadPassages(c: HttpContext, { vectorIndex }: RouteDependencies): Promise<Response> {
  const { store } = c.get("access");
  const name = nameOf(c);
  const body = await readJson(c.req.raw, { schema: passagesRequestSchema, limitBytes: UPLOAD_BODY_LIMIT_BYTES });
  await findCollection(store, { name, param: "name" });
  const outcome = await upsertPassages(
    { store, vectorIndex },
    {
      collection: name,
      encoderFingerprint: body.encoder_fingerprint,
      passages: body.passages.map(encodedPassage),
    },
  );
  return c.json({
    object: "collection.upload",
    upserted: outcome.upserted,
    mutation_id: outcome.mutationId ?? null,
    collection: collectionBody(outcome.collection),
  });
}

function nameOf(c: HttpContext): string {
  const parsed = collectionParamsSchema.safeParse({ name: c.req.param("name") });
  if (!parsed.success) {
    throw invalidRequest(parsed.error);
  }
  return parsed.data.name;
}
