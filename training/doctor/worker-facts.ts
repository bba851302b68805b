import { z } from "zod";
import type { AdminClient } from "../indexing/admin-client.ts";

const healthSchema = z.looseObject({
  mode: z.enum(["local", "production"]),
  encoder: z.looseObject({ name: z.string(), fingerprint: z.string() }),
  warnings: z.array(z.string()),
});
export type Health = z.output<typeof healthSchema>;

const inventorySchema = z.looseObject({
  mode: z.enum(["local", "production"]),
  vector_index: z.looseObject({ vectors: z.int(), dimensions: z.int() }),
  database: z.looseObject({ bytes: z.int().nullable() }),
  collections: z.int(),
  passages: z.int(),
  unsettled_passages: z.int(),
  versions: z.looseObject({ splitting: z.int(), encoding: z.int(), publishing: z.int(), failed: z.int() }),
});
export type WorkerInventory = z.output<typeof inventorySchema>;

const collectionSchema = z.looseObject({
  name: z.string(),
  encoder_fingerprint: z.string(),
  encoder_name: z.string(),
  dims: z.int(),
  passage_count: z.int(),
});
export type CollectionSummary = z.output<typeof collectionSchema>;

/** What a Worker says of itself, each asked for once. */
export function workerFacts(client: AdminClient): {
  readonly health: () => Promise<Health>;
  readonly inventory: () => Promise<WorkerInventory>;
  readonly collections: () => Promise<readonly CollectionSummary[]>;
} {
  return {
    health: once(() => client.send({ method: "GET", path: "/health", schema: healthSchema })),
    inventory: once(() => client.send({ method: "GET", path: "/v1/admin/inventory", schema: inventorySchema })),
    collections: once(async () => {
      const schema = z.looseObject({ data: z.array(collectionSchema) });
      return (await client.send({ method: "GET", path: "/v1/admin/collections", schema })).data;
    }),
  };
}

/** The first call's promise for every call. */
export function once<Result>(make: () => Promise<Result>): () => Promise<Result> {
  let made: Promise<Result> | undefined;
  return () => (made ??= make());
}
