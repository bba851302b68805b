import type { OpenAPIHono } from "@hono/zod-openapi";
import { encoderNames } from "../../query-side/encoder-registry.ts";
import { putAdapter } from "../../query-side/put-adapter.ts";
import { deleteAdapter, putQuerySide } from "../../query-side/put-query-side.ts";
import type { Collection } from "../../retrieval/types.ts";
import { base64ToBytes } from "../../shared/base64.ts";
import { AppError } from "../../shared/errors.ts";
import type { RouteDependencies } from "../app-dependencies.ts";
import { findCollection } from "../find-collection.ts";
import type { HttpContext, HttpEnvironment } from "../http-context.ts";
import { adapterBody, querySideBody, querySideSettings } from "../query-side-body.ts";
import { invalidRequest, readJson, UPLOAD_BODY_LIMIT_BYTES } from "../read-json.ts";
import { collectionParamsSchema } from "../schemas/collections.ts";
import { jsonRoute } from "../schemas/json-route.ts";
import {
  adapterDeletedSchema,
  adapterListSchema,
  adapterParamsSchema,
  adapterRequestSchema,
  adapterSchema,
  querySideRequestSchema,
  querySideSchema,
  shadowSummarySchema,
} from "../schemas/query-side.ts";

const ADMIN = "/v1/admin/collections/{name}";

const routes = [
  jsonRoute({
    method: "get",
    path: "/v1/query-side",
    summary: "Query encoders and adapters of a collection (`?collection=`), and which is used when",
    response: querySideSchema,
  }),
  jsonRoute({
    method: "get",
    path: `${ADMIN}/query-side`,
    params: collectionParamsSchema,
    summary: "The same, for administrators",
    response: querySideSchema,
  }),
  jsonRoute({
    method: "put",
    path: `${ADMIN}/query-side`,
    params: collectionParamsSchema,
    summary: "Set which query encoder and adapter a collection uses: by default, by target LM, as a shadow",
    request: querySideRequestSchema,
    response: querySideSchema,
  }),
  jsonRoute({
    method: "get",
    path: `${ADMIN}/adapters`,
    params: collectionParamsSchema,
    summary: "Query adapters of a collection",
    response: adapterListSchema,
  }),
  jsonRoute({
    method: "put",
    path: `${ADMIN}/adapters/{adapter}`,
    params: adapterParamsSchema,
    summary: "Load a query adapter, or replace it",
    description:
      "Refused unless it fits the collection's vectors and a query encoder. `npm run aar -- adapters load` uses it.",
    request: adapterRequestSchema,
    response: adapterSchema,
  }),
  jsonRoute({
    method: "delete",
    path: `${ADMIN}/adapters/{adapter}`,
    params: adapterParamsSchema,
    summary: "Delete a query adapter that is not in use",
    response: adapterDeletedSchema,
  }),
  jsonRoute({
    method: "get",
    path: `${ADMIN}/shadow`,
    params: collectionParamsSchema,
    summary: "How often the shadow would have changed what was served",
    response: shadowSummarySchema,
  }),
];

/** A collection's query side: adapters, which is used when, and what its shadow found. */
export function registerQuerySide(app: OpenAPIHono<HttpEnvironment>, dependencies: RouteDependencies): void {
  const { querySide } = dependencies;
  const { adapterStore, shadowStore } = querySide;
  for (const route of routes) {
    app.openAPIRegistry.registerPath(route);
  }
  const collectionOf = (c: HttpContext): Promise<Collection> =>
    findCollection(c.get("access").store, { name: paramsOf(c, collectionParamsSchema).name, param: "name" });
  app.get("/v1/query-side", async (c) => {
    const { store, defaultCollection } = c.get("access");
    const name = c.req.query("collection") ?? defaultCollection;
    return c.json(await describe(dependencies, await findCollection(store, { name, param: "collection" })));
  });
  app.get("/v1/admin/collections/:name/query-side", async (c) =>
    c.json(await describe(dependencies, await collectionOf(c))),
  );
  app.put("/v1/admin/collections/:name/query-side", async (c) => {
    const settings = querySideSettings(await readJson(c.req.raw, { schema: querySideRequestSchema }));
    await putQuerySide(querySide, await collectionOf(c), settings);
    return c.json(await describe(dependencies, await collectionOf(c)));
  });
  app.get("/v1/admin/collections/:name/adapters", async (c) => {
    const { name } = await collectionOf(c);
    return c.json({ object: "list", data: (await adapterStore.list(name)).map(adapterBody) });
  });
  app.put("/v1/admin/collections/:name/adapters/:adapter", async (c) => {
    const { adapter: name } = paramsOf(c, adapterParamsSchema);
    const body = await readJson(c.req.raw, { schema: adapterRequestSchema, limitBytes: UPLOAD_BODY_LIMIT_BYTES });
    const file = decodeContent(body.content);
    return c.json(adapterBody(await putAdapter(querySide, await collectionOf(c), { name, file, sha256: body.sha256 })));
  });
  app.delete("/v1/admin/collections/:name/adapters/:adapter", async (c) => {
    const { adapter: name } = paramsOf(c, adapterParamsSchema);
    await deleteAdapter(adapterStore, await collectionOf(c), name);
    return c.json({ object: "query_adapter.deleted", name, deleted: true });
  });
  app.get("/v1/admin/collections/:name/shadow", async (c) => {
    const { name } = await collectionOf(c);
    const summaries = await shadowStore.summarize(name);
    return c.json({
      object: "list",
      data: summaries.map(({ served, shadow, requests, meanOverlap, changedFirst }) => ({
        served_adapter: served,
        shadow_adapter: shadow,
        requests,
        mean_overlap: meanOverlap,
        changed_first: changedFirst,
      })),
    });
  });
}

async function describe(
  { querySide: { adapters, adapterStore, encoders } }: RouteDependencies,
  collection: Collection,
): Promise<ReturnType<typeof querySideBody>> {
  const uploaded = (await adapterStore.list(collection.name)).map(({ name }) => name);
  const names = [...new Set([...uploaded, ...adapters.staticNames])];
  return querySideBody({ collection, encoders: encoderNames(encoders), adapters: names });
}

function decodeContent(content: string): Uint8Array {
  const bytes = base64ToBytes(content);
  if (bytes === undefined) {
    throw new AppError("invalid_request", "content: is not base64", { details: { param: "content" } });
  }
  return bytes;
}

function paramsOf<Schema extends typeof collectionParamsSchema>(
  c: HttpContext,
  schema: Schema,
): ReturnType<Schema["parse"]> {
  const parsed = schema.safeParse(c.req.param());
  if (!parsed.success) {
    throw invalidRequest(parsed.error);
  }
  return parsed.data as ReturnType<Schema["parse"]>;
}
