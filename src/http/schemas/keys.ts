import { z } from "@hono/zod-openapi";
import { SCOPES, UNLIMITED_TIER } from "../../tenancy/principal.ts";

/** Far more names than a key is ever given one by one; a `*` at the end stands for many. */
const MAX_PATTERNS = 256;

/** 2100-01-01 in Unix seconds: a later end is milliseconds by mistake. */
const MAX_UNIX_SECONDS = 4_102_444_800;

/** 30 days: by then the clients have the new key, or never will. */
const MAX_GRACE_SECONDS = 2_592_000;

const patternsSchema = z
  .array(
    z
      .string()
      .min(1)
      .max(256)
      .regex(/^[^*]*\*?$/, "expected a name; `*` stands at its end only"),
  )
  .max(MAX_PATTERNS);

const tenantSchema = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,30}$/, "expected 1 to 31 letters, digits, `_` or `-`")
  .openapi({ example: "acme", description: "Who the key belongs to; usage is grouped by it." });

const nullable = <Schema extends z.ZodType>(schema: Schema) => schema.nullable().optional();

const budgetSchema = z.strictObject({
  tokens: nullable(z.int().min(0).max(Number.MAX_SAFE_INTEGER)).openapi({
    description: "Prompt, completion and embedding tokens of a calendar month (UTC).",
  }),
  usd: nullable(z.number().min(0).max(1_000_000)).openapi({ description: "By the prices of PRICES." }),
});

/** What may be changed later. */
const settings = {
  name: z.string().min(1).max(128).openapi({ description: "For people." }),
  scopes: z.array(z.enum(SCOPES)).min(1).max(SCOPES.length),
  collections: patternsSchema.openapi({
    description: "Names of collections, or beginnings of names followed by `*`. Default: `<tenant>.*`.",
  }),
  models: patternsSchema.openapi({ description: "Target LMs, in the same way. Default: all." }),
  routes: patternsSchema.openapi({ description: "Paths, in the same way. Default: all that the scopes open." }),
  tier: z
    .string()
    .min(1)
    .max(64)
    .openapi({ description: `A name in RATE_TIERS, or "${UNLIMITED_TIER}".` }),
  budget: budgetSchema.openapi({ description: "Default: none." }),
  expires_at: nullable(z.int().min(0).max(MAX_UNIX_SECONDS)).openapi({ description: "Unix seconds. Default: never." }),
};

export const keyCreateSchema = z
  .strictObject({ tenant: tenantSchema, ...settings })
  .partial({ collections: true, models: true, routes: true, tier: true, budget: true })
  .openapi("KeyCreate");

export const keyUpdateSchema = z.strictObject(settings).partial().openapi("KeyUpdate");

export const keyRotateSchema = z
  .strictObject({
    grace_seconds: z
      .int()
      .min(0)
      .max(MAX_GRACE_SECONDS)
      .default(0)
      .openapi({ description: "For how long the key before opens too." }),
  })
  .openapi("KeyRotate");

export const keyParamsSchema = z.object({ id: z.string().regex(/^[a-z0-9]{12}$/, "expected the id of a key") });

export const keySchema = z
  .object({
    object: z.literal("api_key"),
    id: z.string(),
    prefix: z.string().openapi({ description: "How the key begins." }),
    tenant: z.string(),
    name: z.string(),
    scopes: z.array(z.enum(SCOPES)),
    collections: z.array(z.string()),
    models: z.array(z.string()),
    routes: z.array(z.string()),
    tier: z.string(),
    budget: z.object({ tokens: z.int().nullable(), usd: z.number().nullable() }),
    status: z.enum(["active", "expired", "revoked"]),
    created_at: z.int(),
    expires_at: z.int().nullable(),
    rotated_at: z.int().nullable(),
    revoked_at: z.int().nullable(),
  })
  .openapi("Key");

export const newKeySchema = keySchema
  .extend({ key: z.string().openapi({ description: "Shown this once; only its hash is kept." }) })
  .openapi("NewKey");

export const keyListSchema = z.object({ object: z.literal("list"), data: z.array(keySchema) }).openapi("KeyList");
