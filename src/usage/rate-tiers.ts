import { z } from "zod";
import { AppError } from "../shared/errors.ts";
import { UNLIMITED_TIER } from "../tenancy/principal.ts";

/** What one key may do at a time; undefined: any amount. */
export interface RateLimits {
  readonly requestsPerMinute?: number | undefined;
  /** Prompt, completion and embedding tokens together. */
  readonly tokensPerMinute?: number | undefined;
  /** Streams open at the same time. */
  readonly concurrentStreams?: number | undefined;
}

/** RATE_TIERS, parsed: name -> limits. `unlimited` is always there. */
export type RateTiers = ReadonlyMap<string, RateLimits>;

const limit = z.int().min(1).max(1_000_000_000).optional();

const tierSchema = z
  .strictObject({ requests_per_minute: limit, tokens_per_minute: limit, concurrent_streams: limit })
  .transform((tier): RateLimits => ({
    requestsPerMinute: tier.requests_per_minute,
    tokensPerMinute: tier.tokens_per_minute,
    concurrentStreams: tier.concurrent_streams,
  }));

/** Parses the variable RATE_TIERS (JSON). Throws `configuration_invalid` that names the tier and the field. */
export function parseRateTiers(text: string | undefined): RateTiers {
  const parsed = z.record(z.string().min(1).max(64), tierSchema).safeParse(parseJson(text ?? "{}"));
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "(root)"}: ${message}`);
    throw new AppError("configuration_invalid", `RATE_TIERS: ${problems.join("; ")}`);
  }
  if (UNLIMITED_TIER in parsed.data) {
    throw new AppError("configuration_invalid", `RATE_TIERS: "${UNLIMITED_TIER}" means no limits; choose another name`);
  }
  return new Map([[UNLIMITED_TIER, {}], ...Object.entries(parsed.data)]);
}

/** What is no JSON is told by the schema, as something that is no object. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
