import type { OpenAPIHono } from "@hono/zod-openapi";
import type { RetrievedPassage } from "../../retrieval/types.ts";
import type { JsonObject } from "../../shared/json.ts";
import { fileNames } from "../file-names.ts";
import { fileSearchOptions } from "../file-search.ts";
import { findVectorStore } from "../find-vector-store.ts";
import type { HttpContext, HttpEnvironment } from "../http-context.ts";
import { readJson } from "../read-json.ts";
import { jsonRoute } from "../schemas/json-route.ts";
import {
  vectorStoreParamsSchema,
  vectorStoreSearchResponseSchema,
  vectorStoreSearchSchema,
} from "../schemas/vector-stores.ts";

const route = jsonRoute({
  method: "post",
  path: "/v1/vector_stores/{vector_store_id}/search",
  params: vectorStoreParamsSchema,
  summary: "Search a vector store (OpenAI)",
  request: vectorStoreSearchSchema,
  response: vectorStoreSearchResponseSchema,
});

/** OpenAI's search of a vector store: hybrid retrieval in OpenAI's shape. */
export function registerVectorStoreSearch(app: OpenAPIHono<HttpEnvironment>): void {
  app.openAPIRegistry.registerPath(route);
  app.post("/v1/vector_stores/:vector_store_id/search", (c) => search(c));
}

async function search(c: HttpContext): Promise<Response> {
  const { retriever, documents } = c.get("access");
  const body = await readJson(c.req.raw, { schema: vectorStoreSearchSchema });
  const collection = await findVectorStore(c);
  const { max_num_results: topK, filters, ranking_options: ranking } = body;
  const {
    filter,
    mode,
    min_score: minScore,
  } = fileSearchOptions(
    { type: "file_search", vector_store_ids: [collection.name], filters, ranking_options: ranking },
    { param: "filters" },
  );
  const queries = typeof body.query === "string" ? [body.query] : body.query;
  const outcomes = await Promise.all(
    queries.map((query) =>
      retriever.retrieve({
        query,
        collection,
        mode: mode ?? "hybrid",
        topK,
        signal: c.req.raw.signal,
        requestId: c.get("requestId"),
        ...(filter === undefined ? {} : { filter }),
        ...(minScore === undefined ? {} : { minScore }),
      }),
    ),
  );
  const found = bestOf(outcomes.flatMap(({ passages }) => passages)).slice(0, topK);
  const nameOf = await fileNames(documents, { collection: collection.name, passages: found });
  return c.json({
    object: "vector_store.search_results.page",
    search_query: queries,
    data: found.map((entry) => resultBody(entry, nameOf(entry))),
    has_more: false,
    next_page: null,
  });
}

/** A passage that several queries found counts by its best score. */
function bestOf(passages: readonly RetrievedPassage[]): readonly RetrievedPassage[] {
  const best = new Map<string, RetrievedPassage>();
  for (const entry of passages.toSorted((a, b) => b.score - a.score)) {
    if (!best.has(entry.passage.id)) {
      best.set(entry.passage.id, entry);
    }
  }
  return [...best.values()];
}

function resultBody({ passage, score }: RetrievedPassage, filename: string): JsonObject {
  return {
    file_id: passage.documentId,
    filename,
    score,
    attributes: passage.metadata,
    content: [{ type: "text", text: passage.text }],
  };
}
