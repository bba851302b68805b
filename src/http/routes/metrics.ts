import type { OpenAPIHono } from "@hono/zod-openapi";
import { z } from "@hono/zod-openapi";
import type { MetricsHub } from "../../metrics/metrics-hub.ts";
import type { HttpEnvironment } from "../http-context.ts";

const PATH = "/metrics";

/** `GET /metrics`: what all isolates have counted, for Prometheus. */
export function registerMetrics(
  app: OpenAPIHono<HttpEnvironment>,
  { metrics }: { readonly metrics: Pick<MetricsHub, "text"> },
): void {
  app.openAPIRegistry.registerPath({
    method: "get",
    path: PATH,
    summary: "Metrics of all isolates, for Prometheus",
    security: [{ bearer: [] }],
    responses: { 200: { description: "Prometheus' text format", content: { "text/plain": { schema: z.string() } } } },
  });
  app.get(PATH, async (c) =>
    c.text(await metrics.text(), 200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }),
  );
}
