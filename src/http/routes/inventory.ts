import type { OpenAPIHono } from "@hono/zod-openapi";
import type { RouteDependencies } from "../app-dependencies.ts";
import type { HttpEnvironment } from "../http-context.ts";
import { inventorySchema } from "../schemas/inventory.ts";
import { jsonRoute } from "../schemas/json-route.ts";

const route = jsonRoute({
  method: "get",
  path: "/v1/admin/inventory",
  summary: "What is stored, in numbers",
  description: "What `npm run aar -- doctor` compares: passages and vectors, sizes and limits.",
  response: inventorySchema,
});

/** `GET /v1/admin/inventory`. */
export function registerInventory(
  app: OpenAPIHono<HttpEnvironment>,
  { inventory, databaseBytes, vectorIndex, encoder: encoderSource, configuration }: RouteDependencies,
): void {
  app.openAPIRegistry.registerPath(route);
  app.get(route.path, async (c) => {
    const [counted, bytes, { vectorCount, dimensions }, encoder] = await Promise.all([
      inventory.count(),
      databaseBytes(),
      vectorIndex.describe(),
      encoderSource(),
    ]);
    const { manifest, fingerprint } = encoder;
    return c.json({
      object: "inventory",
      mode: configuration.mode,
      encoder: { name: manifest.name, fingerprint, dims: manifest.dims },
      vector_index: { vectors: vectorCount, dimensions },
      database: { bytes: bytes ?? null },
      collections: counted.collections,
      passages: counted.passages,
      unsettled_passages: counted.unsettledPassages,
      versions: counted.versions,
    });
  });
}
