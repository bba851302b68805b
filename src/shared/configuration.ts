import { z } from "zod";
import { type CacheSettings, parseCacheSettings } from "../caching/cache-settings.ts";
import { parseTargetLmTable, type TargetLmTable } from "../generation/target-lm-configuration.ts";
import { parseQuerySideConfiguration } from "../query-side/query-side-configuration.ts";
import type { QuerySideConfiguration } from "../query-side/query-side-configuration.ts";
import { parsePrices, type Prices } from "../usage/prices.ts";
import { parseRateTiers, type RateTiers } from "../usage/rate-tiers.ts";
import { parseEmbeddedIndexSettings } from "../vector-index/embedded-index-settings.ts";
import { AppError } from "./errors.ts";

/** Everything that is set from outside, checked once. Secrets of providers are not here: they are read when needed. */
export interface Configuration {
  /** `local` needs no keys; `production` refuses to work without. */
  readonly mode: "local" | "production";
  readonly targetLms: TargetLmTable;
  readonly querySide: QuerySideConfiguration;
  /** The model of requests that name none. */
  readonly defaultModel: string;
  /** The collection of requests that name none. */
  readonly defaultCollection: string;
  /** Origins whose pages may call the client routes; "*" for any. */
  readonly corsOrigins: readonly string[];
  /** What keys may do at a time, by the name that a key has. */
  readonly rateTiers: RateTiers;
  readonly prices: Prices;
  /** Keys of client routes beside those of the key store. Empty in local mode: then these routes are open. */
  readonly apiKeys: readonly string[];
  readonly caching: CacheSettings;
  /** Deadline of every request, all stages together; undefined: the stages' own only. */
  readonly requestTimeoutMs: number | undefined;
  /** Key that opens `/metrics` only; the operator's opens it too. */
  readonly metricsToken: string | undefined;
  /** Key of the admin routes. Without one they are open in local mode and closed in production. */
  readonly adminKey: string | undefined;
}

const variablesSchema = z.object({
  MODE: z.enum(["local", "production"]),
  TARGET_LMS: z.string(),
  DEFAULT_MODEL: z.string().min(1),
  DEFAULT_COLLECTION: z.string().min(1).max(64),
  CORS_ORIGINS: z
    .string()
    .transform(splitList)
    .pipe(z.array(z.union([z.literal("*"), z.url().transform(originOf)])))
    .optional(),
  EMBEDDED_VECTORIZE: z.string().optional(),
  ENCODERS: z.string().optional(),
  DEFAULT_ENCODER: z.string().optional(),
  ADAPTERS: z.string().optional(),
  RATE_TIERS: z.string().optional(),
  PRICES: z.string().optional(),
  CACHE: z.string().optional(),
  REQUEST_TIMEOUT_MS: z.coerce.number().int().min(1).max(3_600_000).optional(),
  API_KEYS: z.string().transform(splitList).optional(),
  METRICS_TOKEN: z
    .string()
    .transform((key) => key.trim() || undefined)
    .optional(),
  // Blank is unset, as in API_KEYS: a line `ADMIN_KEY=` of .dev.vars opens nothing in production.
  ADMIN_KEY: z
    .string()
    .transform((key) => key.trim() || undefined)
    .optional(),
});

/**
 * Parses the Worker's variables and secrets.
 *
 * @throws AppError `configuration_invalid` that names the variable; values are not repeated, as some are secret.
 */
export function parseConfiguration(environment: object): Configuration {
  const parsed = variablesSchema.safeParse(environment);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${String(path[0])}: ${message}`);
    throw invalid(problems.join("; "));
  }
  const variables = parsed.data;
  const targetLms = parseTargetLmTable(variables.TARGET_LMS);
  if (!targetLms.has(variables.DEFAULT_MODEL)) {
    throw invalid(`DEFAULT_MODEL: "${variables.DEFAULT_MODEL}" is not a model of TARGET_LMS`);
  }
  // Used by the embedded index, which runs elsewhere; a mistake in it is to be seen here, at the first request.
  parseEmbeddedIndexSettings(variables.EMBEDDED_VECTORIZE);
  const apiKeys = variables.API_KEYS ?? [];
  if (variables.MODE === "production" && apiKeys.length === 0 && variables.ADMIN_KEY === undefined) {
    throw invalid(
      "ADMIN_KEY: MODE is production, which needs keys; set it with `wrangler secret put ADMIN_KEY` and create keys with it (or set API_KEYS, comma-separated)",
    );
  }
  return {
    mode: variables.MODE,
    targetLms,
    querySide: parseQuerySideConfiguration({
      encoders: variables.ENCODERS,
      defaultEncoder: variables.DEFAULT_ENCODER,
      adapters: variables.ADAPTERS,
    }),
    defaultModel: variables.DEFAULT_MODEL,
    defaultCollection: variables.DEFAULT_COLLECTION,
    corsOrigins: variables.CORS_ORIGINS ?? [],
    prices: parsePrices(variables.PRICES, targetLms),
    rateTiers: parseRateTiers(variables.RATE_TIERS),
    apiKeys,
    caching: parseCacheSettings(variables.CACHE),
    requestTimeoutMs: variables.REQUEST_TIMEOUT_MS,
    metricsToken: variables.METRICS_TOKEN,
    adminKey: variables.ADMIN_KEY,
  };
}

function splitList(text: string): string[] {
  return text
    .split(",")
    .map((entry) => entry.trim())
    .filter((entry) => entry !== "");
}

/** Browsers send `https://host`, people write `https://host/`. */
function originOf(url: string): string {
  return new URL(url).origin;
}

function invalid(message: string): AppError {
  return new AppError("configuration_invalid", `the Worker's configuration is invalid: ${message}`);
}
