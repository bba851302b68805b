import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Feedback, StoredFeedback } from "../../feedback/feedback-store.ts";
import type { JsonObject } from "../../shared/json.ts";
import type { RouteDependencies } from "../app-dependencies.ts";
import { findCollection } from "../find-collection.ts";
import type { HttpEnvironment } from "../http-context.ts";
import { invalidRequest, readJson } from "../read-json.ts";
import {
  feedbackListParamsSchema,
  feedbackListSchema,
  feedbackPageSchema,
  feedbackRequestSchema,
  feedbackResponseSchema,
} from "../schemas/feedback.ts";
import { jsonRoute } from "../schemas/json-route.ts";

const postRoute = jsonRoute({
  method: "post",
  path: "/v1/feedback",
  summary: "Say which passages were right, and how the answer was",
  description:
    "Kept with the query's text, as training data for the collection's next adaptation (`npm run aar -- feedback export`).",
  request: feedbackRequestSchema,
  response: feedbackResponseSchema,
});

const listRoute = jsonRoute({
  method: "get",
  path: "/v1/admin/collections/{name}/feedback",
  params: feedbackListParamsSchema,
  summary: "Feedback of a collection, oldest first; `after` is the last id seen",
  response: feedbackListSchema,
});

/** `POST /v1/feedback`, and its export. */
export function registerFeedback(app: OpenAPIHono<HttpEnvironment>, { feedback }: RouteDependencies): void {
  app.openAPIRegistry.registerPath(postRoute);
  app.openAPIRegistry.registerPath(listRoute);
  app.post("/v1/feedback", async (c) => {
    const { collection, request_id, model, ...said } = await readJson(c.req.raw, { schema: feedbackRequestSchema });
    const { store, defaultCollection } = c.get("access");
    const { name } = await findCollection(store, {
      name: collection ?? defaultCollection,
      param: "collection",
    });
    const id = await feedback.add(name, {
      // `undefined` of an optional field never comes out of JSON.
      ...(said as Pick<Feedback, "query" | "passages" | "answer">),
      ...(request_id === undefined ? {} : { requestId: request_id }),
      ...(model === undefined ? {} : { model }),
    });
    return c.json({ object: "feedback", id, collection: name });
  });
  app.get("/v1/admin/collections/:name/feedback", async (c) => {
    const params = feedbackListParamsSchema.safeParse(c.req.param());
    const page = feedbackPageSchema.safeParse(c.req.query());
    if (!params.success) {
      throw invalidRequest(params.error);
    }
    if (!page.success) {
      throw invalidRequest(page.error);
    }
    const { name } = await findCollection(c.get("access").store, { name: params.data.name, param: "name" });
    return c.json({ object: "list", data: (await feedback.list(name, page.data)).map(feedbackBody) });
  });
}

function feedbackBody({ id, createdAt, requestId, query, model, passages, answer }: StoredFeedback): JsonObject {
  return {
    id,
    created_at: createdAt,
    query,
    request_id: requestId ?? null,
    model: model ?? null,
    passages: passages.map((passage) => ({ ...passage })),
    answer: { ...answer },
  };
}
