import type { OpenAPIHono } from "@hono/zod-openapi";
import type { HttpEnvironment } from "../http-context.ts";

/** `GET /openapi.json`: generated from the schemas that validate the requests. Register it last. */
export function registerOpenapi(app: OpenAPIHono<HttpEnvironment>): void {
  app.openAPIRegistry.registerComponent("securitySchemes", "bearer", { type: "http", scheme: "bearer" });
  app.get("/openapi.json", (c) =>
    c.json(
      app.getOpenAPI31Document({
        openapi: "3.1.0",
        info: {
          title: "Augmentation-adapted retriever",
          version: "1",
          description:
            "Retrieval and cited answers. Errors have OpenAI's shape; every reply has x-request-id and Server-Timing.",
        },
        servers: [{ url: new URL(c.req.url).origin }],
      }),
    ),
  );
}
