import type { z } from "@hono/zod-openapi";
import type { AdapterRecord } from "../query-side/adapter-store.ts";
import type { Collection, QuerySide, QuerySideSettings } from "../retrieval/types.ts";
import type { JsonObject } from "../shared/json.ts";
import type { querySideRequestSchema } from "./schemas/query-side.ts";
import { querySideOf } from "./schemas/retrieval.ts";

/** An adapter on the wire. */
export function adapterBody({ name, sha256, bytes, manifest }: AdapterRecord): JsonObject {
  return {
    object: "query_adapter",
    name,
    kind: manifest.kind,
    dims: manifest.dims,
    sha256,
    bytes,
    trained_on: manifest.name,
    query_model: manifest.queryModel,
  };
}

/** A collection's settings as the request has them, inside. */
export function querySideSettings({
  default: ofDefault,
  models = {},
  shadow,
}: z.output<typeof querySideRequestSchema>): QuerySideSettings {
  const ofModels = Object.entries(models).map(([model, side]) => [model, querySideOf(side)] as const);
  return {
    ...(ofDefault === undefined ? {} : { default: querySideOf(ofDefault) }),
    ...(ofModels.length === 0 ? {} : { models: Object.fromEntries(ofModels) }),
    ...(shadow === undefined
      ? {}
      : { shadow: { ...querySideOf(shadow), share: shadow.share, logQuery: shadow.log_query } }),
  };
}

export interface QuerySideBodyOptions {
  readonly collection: Collection;
  readonly encoders: readonly string[];
  readonly adapters: readonly string[];
}

/** A collection's query side on the wire: what there is, and what is used when. */
export function querySideBody({ collection, encoders, adapters }: QuerySideBodyOptions): JsonObject {
  const { default: ofDefault, models = {}, shadow } = collection.querySide ?? {};
  return {
    object: "query_side",
    collection: collection.name,
    encoders,
    adapters,
    default: ofDefault === undefined ? null : sideBody(ofDefault),
    models: Object.fromEntries(Object.entries(models).map(([model, side]) => [model, sideBody(side)])),
    shadow: shadow === undefined ? null : { ...sideBody(shadow), share: shadow.share, log_query: shadow.logQuery },
  };
}

function sideBody({ encoder, adapter }: QuerySide): JsonObject {
  return { ...(encoder === undefined ? {} : { encoder }), ...(adapter === undefined ? {} : { adapter }) };
}
