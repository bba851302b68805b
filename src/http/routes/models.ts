import { type OpenAPIHono, z } from "@hono/zod-openapi";
import { AppError } from "../../shared/errors.ts";
import type { JsonObject } from "../../shared/json.ts";
import type { RouteDependencies } from "../app-dependencies.ts";
import type { HttpContext, HttpEnvironment } from "../http-context.ts";
import { jsonRoute } from "../schemas/json-route.ts";
import { modelListSchema, modelSchema } from "../schemas/models.ts";

const listRoute = jsonRoute({
  method: "get",
  path: "/v1/models",
  summary: "Target LMs and encoders",
  response: modelListSchema,
});

const getRoute = jsonRoute({
  method: "get",
  path: "/v1/models/{model}",
  summary: "One target LM or encoder",
  params: z.object({ model: z.string() }),
  response: modelSchema,
});

/** `GET /v1/models` and `GET /v1/models/{model}`. */
export function registerModels(app: OpenAPIHono<HttpEnvironment>, dependencies: RouteDependencies): void {
  app.openAPIRegistry.registerPath(listRoute);
  app.openAPIRegistry.registerPath(getRoute);
  app.get("/v1/models", async (c) => c.json({ object: "list", data: await listModels(c, dependencies) }));
  // Names of models may contain slashes (`@cf/meta/llama`), escaped by some clients and not by others.
  app.get("/v1/models/:model{.+}", (c) => getModel(c, dependencies));
}

async function getModel(c: HttpContext, dependencies: RouteDependencies): Promise<Response> {
  const name = c.req.param("model");
  const model = (await listModels(c, dependencies)).find(({ id }) => id === name);
  if (model === undefined) {
    throw new AppError("unknown_model", `there is no model "${String(name).slice(0, 128)}"; see GET /v1/models`, {
      details: { param: "model" },
    });
  }
  return c.json(model);
}

async function listModels(c: HttpContext, { configuration, querySide }: RouteDependencies): Promise<JsonObject[]> {
  const granted = new Set(c.get("access").models);
  const targets = [...configuration.targetLms]
    .filter(([name]) => granted.has(name))
    .map(([name, { provider }]) => modelBody(name, provider));
  const manifests = await Promise.all([...querySide.encoders.entries.values()].map(({ manifest }) => manifest()));
  const encoders = new Set(manifests.map(({ name }) => name));
  return [...targets, ...[...encoders].map((name) => modelBody(name, "encoder"))];
}

/** OpenAI's shape wants a time of creation; a configuration has none. */
function modelBody(id: string, ownedBy: string): JsonObject {
  return { id, object: "model", created: 0, owned_by: ownedBy };
}
