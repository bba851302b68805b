import type { OpenAPIHono } from "@hono/zod-openapi";
import { filterNotices } from "../../rag/filter-notices.ts";
import { clampTopK } from "../../retrieval/clamp-top-k.ts";
import { findCollection } from "../find-collection.ts";
import type { HttpContext, HttpEnvironment } from "../http-context.ts";
import { readJson } from "../read-json.ts";
import { outcomeBody, passageBody } from "../retrieval-body.ts";
import { jsonRoute } from "../schemas/json-route.ts";
import { querySideOf } from "../schemas/retrieval.ts";
import { retrieveRequestSchema, retrieveResponseSchema } from "../schemas/retrieve.ts";

const route = jsonRoute({
  method: "post",
  path: "/v1/retrieve",
  summary: "Search a collection",
  request: retrieveRequestSchema,
  response: retrieveResponseSchema,
});

/** `POST /v1/retrieve`: search only. */
export function registerRetrieve(app: OpenAPIHono<HttpEnvironment>): void {
  app.openAPIRegistry.registerPath(route);
  app.post(route.path, (c) => retrieve(c));
}

async function retrieve(c: HttpContext): Promise<Response> {
  const { store, retriever, defaultCollection } = c.get("access");
  const body = await readJson(c.req.raw, { schema: retrieveRequestSchema });
  const { topK, notices } = clampTopK(body.top_k);
  const collection = await findCollection(store, {
    name: body.collection ?? defaultCollection,
    param: "collection",
  });
  const outcome = await retriever.retrieve({
    query: body.query,
    collection,
    mode: body.mode,
    topK,
    failClosed: body.on_error === "fail",
    signal: c.req.raw.signal,
    querySide: querySideOf(body),
    requestId: c.get("requestId"),
    ...(body.model === undefined ? {} : { model: body.model }),
    ...(body.filter === undefined ? {} : { filter: body.filter }),
    ...(body.min_score === undefined ? {} : { minScore: body.min_score }),
  });
  c.get("timings").recordAll(outcome.timings);
  return c.json({
    object: "retrieval",
    ...outcomeBody({
      query: body.query,
      collection: collection.name,
      outcome,
      notices: [...notices, ...filterNotices(outcome, body.filter)],
    }),
    data: outcome.passages.map(passageBody),
  });
}
