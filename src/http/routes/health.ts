import type { OpenAPIHono } from "@hono/zod-openapi";
import { encoderNames } from "../../query-side/encoder-registry.ts";
import type { Collection } from "../../retrieval/types.ts";
import type { Configuration } from "../../shared/configuration.ts";
import type { AppDependencies } from "../app-dependencies.ts";
import type { HttpEnvironment } from "../http-context.ts";
import { healthSchema } from "../schemas/health.ts";
import { jsonRoute } from "../schemas/json-route.ts";

/** The store is the unguarded one: health tells of the default collection, to anyone. */
type HealthDependencies = Pick<AppDependencies, "configuration" | "encoder" | "store" | "querySide">;

const route = jsonRoute({
  method: "get",
  path: "/health",
  summary: "Whether the encoder runs and its vectors are those of the default collection",
  response: healthSchema,
  secured: false,
});

/** `GET /health`: loads the encoder, so a healthy isolate is a warm one. Failures are errors like everywhere. */
export function registerHealth(app: OpenAPIHono<HttpEnvironment>, dependencies: HealthDependencies): void {
  const { configuration, encoder: encoderSource, store, querySide } = dependencies;
  app.openAPIRegistry.registerPath(route);
  app.get(route.path, async (c) => {
    const [encoder, collection] = await Promise.all([
      encoderSource(),
      store.getCollection(configuration.defaultCollection),
    ]);
    const { name, dims, dtype } = encoder.manifest;
    return c.json({
      status: "ok",
      mode: configuration.mode,
      authentication: isOpen(configuration) ? "open" : "keys",
      default_model: configuration.defaultModel,
      encoder: { name, fingerprint: encoder.fingerprint, dims, dtype },
      query_encoders: encoderNames(querySide.encoders),
      query_adapters: querySide.adapters.staticNames,
      default_collection: {
        name: configuration.defaultCollection,
        exists: collection !== undefined,
        ...(collection && { passages: collection.passageCount, encoder_fingerprint: collection.encoderFingerprint }),
      },
      warnings: warningsOf(configuration, { collection, fingerprint: encoder.fingerprint }),
    });
  });
}

interface Observed {
  readonly collection: Collection | undefined;
  readonly fingerprint: string;
}

function isOpen({ mode, apiKeys }: Configuration): boolean {
  return mode === "local" && apiKeys.length === 0;
}

function warningsOf(configuration: Configuration, { collection, fingerprint }: Observed): string[] {
  const warnings: string[] = [];
  if (isOpen(configuration)) {
    warnings.push("open: no API_KEYS are set, everyone who reaches this Worker may use it (local mode)");
  }
  if (configuration.adminKey === undefined && configuration.mode === "local") {
    warnings.push("open: no ADMIN_KEY is set, everyone who reaches this Worker may upload and delete (local mode)");
  }
  if (collection === undefined) {
    warnings.push(
      `the default collection "${configuration.defaultCollection}" does not exist yet: nothing was uploaded`,
    );
  } else if (collection.encoderFingerprint !== fingerprint) {
    warnings.push(
      `the default collection was encoded by ${collection.encoderFingerprint}, this Worker has ${fingerprint}: dense retrieval is refused`,
    );
  }
  return warnings;
}
