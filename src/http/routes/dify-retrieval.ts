import type { OpenAPIHono } from "@hono/zod-openapi";
import { clampTopK } from "../../retrieval/clamp-top-k.ts";
import type { RetrievedPassage } from "../../retrieval/types.ts";
import type { JsonObject } from "../../shared/json.ts";
import { difyFilter } from "../dify-filter.ts";
import { findCollection } from "../find-collection.ts";
import type { HttpContext, HttpEnvironment } from "../http-context.ts";
import { readJson } from "../read-json.ts";
import { difyErrorSchema, difyRequestSchema, difyResponseSchema } from "../schemas/dify.ts";
import { jsonRoute } from "../schemas/json-route.ts";

const route = jsonRoute({
  method: "post",
  path: "/retrieval",
  summary: "Search a collection (Dify's External Knowledge API)",
  request: difyRequestSchema,
  response: difyResponseSchema,
  error: difyErrorSchema,
});

/** `POST /retrieval`: what Dify calls when this Worker's address is registered as an external knowledge API. */
export function registerDifyRetrieval(app: OpenAPIHono<HttpEnvironment>): void {
  app.openAPIRegistry.registerPath(route);
  app.post(route.path, (c) => retrieval(c));
}

async function retrieval(c: HttpContext): Promise<Response> {
  const { store, retriever } = c.get("access");
  const body = await readJson(c.req.raw, { schema: difyRequestSchema });
  const { top_k: topK, score_threshold: threshold } = body.retrieval_setting;
  const filter = difyFilter(body.metadata_condition ?? {});
  const { passages, timings } = await retriever.retrieve({
    query: body.query,
    collection: await findCollection(store, { name: body.knowledge_id, param: "knowledge_id" }),
    mode: "hybrid",
    topK: clampTopK(topK).topK,
    signal: c.req.raw.signal,
    requestId: c.get("requestId"),
    ...(filter === undefined ? {} : { filter }),
    // 0 is how Dify says that there is none.
    ...(threshold === undefined || threshold === null || threshold === 0 ? {} : { minScore: threshold }),
  });
  c.get("timings").recordAll(timings);
  return c.json({ records: passages.map(recordBody) });
}

function recordBody({ passage, score }: RetrievedPassage): JsonObject {
  const { id, documentId, title, text, url, metadata } = passage;
  return {
    content: text,
    score,
    title,
    // Never null: Dify's pipeline fails on it.
    metadata: { url, document_id: documentId, passage_id: id, ...metadata },
  };
}
