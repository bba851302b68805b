import { readFile } from "node:fs/promises";
import { z } from "zod";
import { decodeQueryAdapter } from "../../src/encoder/query-adapter.ts";
import { bytesToBase64 } from "../../src/shared/base64.ts";
import { AppError } from "../../src/shared/errors.ts";
import { sha256Hex } from "../artifacts/meta.ts";
import type { AdminClient } from "./admin-client.ts";

const sideSchema = z.object({ encoder: z.string().optional(), adapter: z.string().nullable().optional() });
const shadowSchema = sideSchema.extend({ share: z.number(), log_query: z.boolean() });

const querySideSchema = z.looseObject({
  encoders: z.array(z.string()),
  adapters: z.array(z.string()),
  default: sideSchema.nullable(),
  models: z.record(z.string(), sideSchema),
  shadow: shadowSchema.nullable(),
});

const adapterSchema = z.looseObject({ name: z.string(), kind: z.string(), sha256: z.string(), bytes: z.int() });
const adapterListSchema = z.looseObject({ data: z.array(adapterSchema) });
const deletedSchema = z.looseObject({ deleted: z.literal(true) });
const shadowSummarySchema = z.looseObject({
  data: z.array(
    z.looseObject({
      served_adapter: z.string().nullable(),
      shadow_adapter: z.string().nullable(),
      requests: z.int(),
      mean_overlap: z.number(),
      changed_first: z.number(),
    }),
  ),
});

/** An encoder and an adapter, by name. */
type WireSide = z.output<typeof sideSchema>;
type WireQuerySide = z.output<typeof querySideSchema>;
export type WireAdapter = z.output<typeof adapterSchema>;
type WireShadowSummary = z.output<typeof shadowSummarySchema>["data"][number];

/** Where a query side is used: by default, for target LMs, as a shadow. What is not named stays as it is. */
export interface QuerySideUse {
  readonly side: WireSide;
  readonly isDefault: boolean;
  readonly models: readonly string[];
  readonly shadow?: { readonly share: number; readonly log_query: boolean } | undefined;
}

/** The query side of one collection of a Worker, over its admin routes. */
export interface QuerySideClient {
  read(): Promise<WireQuerySide>;
  list(): Promise<readonly WireAdapter[]>;
  /** Loads an adapter file, or replaces the one of that name; the name defaults to the adapter's own. */
  load(file: string, name?: string): Promise<WireAdapter>;
  delete(name: string): Promise<void>;
  use(use: QuerySideUse): Promise<WireQuerySide>;
  summarizeShadow(): Promise<readonly WireShadowSummary[]>;
}

/** Throws what the admin client throws, and `invalid_artifact` for a file that is no adapter. */
export function createQuerySideClient(client: AdminClient, collection: string): QuerySideClient {
  const base = `/v1/admin/collections/${encodeURIComponent(collection)}`;
  const read = (): Promise<WireQuerySide> =>
    client.send({ method: "GET", path: `${base}/query-side`, schema: querySideSchema });
  return {
    read,
    list: async () => (await client.send({ method: "GET", path: `${base}/adapters`, schema: adapterListSchema })).data,
    load: async (file, name) => {
      const bytes = await readAdapter(file);
      const { manifest } = await decodeQueryAdapter(bytes, file);
      return await client.send({
        method: "PUT",
        path: `${base}/adapters/${encodeURIComponent(name ?? manifest.name)}`,
        body: JSON.stringify({ sha256: sha256Hex(bytes), content: bytesToBase64(bytes) }),
        schema: adapterSchema,
      });
    },
    delete: async (name) => {
      const path = `${base}/adapters/${encodeURIComponent(name)}`;
      await client.send({ method: "DELETE", path, schema: deletedSchema });
    },
    use: async ({ side, isDefault, models, shadow }) => {
      const now = await read();
      const chosen = isDefault ? side : now.default;
      const observed = shadow === undefined ? now.shadow : { ...side, ...shadow };
      const body = {
        ...(chosen === null ? {} : { default: chosen }),
        models: { ...now.models, ...Object.fromEntries(models.map((model) => [model, side])) },
        ...(observed === null ? {} : { shadow: observed }),
      };
      return await client.send({
        method: "PUT",
        path: `${base}/query-side`,
        body: JSON.stringify(body),
        schema: querySideSchema,
      });
    },
    summarizeShadow: async () =>
      (await client.send({ method: "GET", path: `${base}/shadow`, schema: shadowSummarySchema })).data,
  };
}

async function readAdapter(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError("invalid_artifact", `query adapter ${file} cannot be read: ${reason}`, { cause });
  }
}
