import { z } from "zod";
import { AppError } from "../shared/errors.ts";
import type { CircuitBreakerSettings } from "./circuit-breaker.ts";
import { checkUpstreamUrl } from "./upstream-url.ts";

const identifier = z.string().trim().min(1).max(256);
const secretName = z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/u, "expected the NAME of a secret, not its value");
const milliseconds = z.int().min(1).max(3_600_000);
const tokens = z.int().min(1).max(100_000_000);

/** What every provider accepts. */
const commonShape = {
  /** Tokens of the model's context, question and answer included. Default: the provider's, see `DEFAULT_LIMITS`. */
  context_window: tokens.optional(),
  /** Tokens kept free for the answer when the request does not say `max_tokens`. */
  max_output_tokens: tokens.optional(),
  /** Models to try, in this order, when this one fails before it said anything. Their own fallbacks are not followed. */
  fallbacks: z.array(identifier).max(8).default([]),
  /** Ask the next of the chain as well when this one has said nothing for so long; the first to speak answers. */
  hedge_after_ms: milliseconds.optional(),
};

/** Five failures within half a minute, at least half of all, and the provider is left alone for a quarter of one. */
const circuitBreaker = z
  .strictObject({
    failures: z.int().min(1).max(1_000).default(5),
    share: z.number().min(0).max(1).default(0.5),
    window_ms: milliseconds.default(30_000),
    open_ms: milliseconds.default(15_000),
  })
  .transform((settings): CircuitBreakerSettings => ({
    failures: settings.failures,
    share: settings.share,
    windowMs: settings.window_ms,
    openMs: settings.open_ms,
  }));

/** What every provider behind a network accepts. */
const upstreamShape = {
  ...commonShape,
  /** The model's name as the provider knows it. */
  model: identifier,
  /** False for a server that only answers in one piece: clients that ask for a stream are told so. */
  can_stream: z.boolean().default(true),
  /** Deadline of the whole request, the stream included. */
  timeout_ms: milliseconds.default(300_000),
  /** Longest silence of a stream, its beginning included. */
  idle_timeout_ms: milliseconds.default(60_000),
  /** When it is left alone after failures; false: never. */
  circuit_breaker: z.union([z.literal(false), circuitBreaker]).prefault({}),
};

const httpShape = {
  ...upstreamShape,
  /** Name of the Worker secret that holds the provider's key. */
  secret: secretName.optional(),
  /** Further request headers. `${NAME}` in a value stands for the Worker secret of that name. */
  headers: z.record(z.string().regex(/^[\w-]+$/u, "expected a header name"), z.string().max(4096)).default({}),
  /** Allow a private, link-local or otherwise special address. Loopback is always allowed. */
  allow_private_hosts: z.boolean().default(false),
};

const baseUrl = (fallback: string) => z.url({ protocol: /^https?$/u }).default(fallback);

const targetLmSchema = z.discriminatedUnion("provider", [
  z.strictObject({ provider: z.literal("extractive"), ...commonShape }),
  z.strictObject({
    provider: z.literal("openai-compatible"),
    ...httpShape,
    base_url: baseUrl("https://api.openai.com/v1"),
    /** `completions`: the legacy endpoint of base models; messages are written out as one prompt. */
    api: z.enum(["chat", "completions"]).default("chat"),
    /** False for a server that refuses `stream_options`: then we count a stream's tokens ourselves, about. */
    usage_in_streams: z.boolean().default(true),
  }),
  z.strictObject({
    provider: z.literal("anthropic"),
    ...httpShape,
    base_url: baseUrl("https://api.anthropic.com/v1"),
    /** `native`: passages travel as `search_result` blocks and the provider itself cites them. */
    passage_format: z.enum(["prompt", "native"]).default("prompt"),
  }),
  z.strictObject({ provider: z.literal("workers-ai"), ...upstreamShape }),
]);

type TargetLmEntry = z.infer<typeof targetLmSchema>;
export type TargetLmProvider = TargetLmEntry["provider"];

/** Camel-case form of one provider's entry of TARGET_LMS. */
export type TargetLmConfiguration<Provider extends TargetLmProvider = TargetLmProvider> = {
  [Name in Provider]: CamelCased<Extract<TargetLmEntry, { provider: Name }>>;
}[Provider];

/** TARGET_LMS, parsed: model name -> how to reach it. Names keep the order of the configuration. */
export type TargetLmTable = ReadonlyMap<string, TargetLmConfiguration>;

type CamelCase<Key extends string> = Key extends `${infer Head}_${infer Tail}`
  ? `${Head}${Capitalize<CamelCase<Tail>>}`
  : Key;
type CamelCased<Entry> = { readonly [Key in keyof Entry & string as CamelCase<Key>]: Entry[Key] };

const tableSchema = z.record(identifier, targetLmSchema).superRefine((table, context) => {
  for (const [name, entry] of Object.entries(table)) {
    for (const [index, fallback] of entry.fallbacks.entries()) {
      if (fallback === name || !(fallback in table)) {
        const message = fallback === name ? "a model cannot be its own fallback" : `no model named "${fallback}" here`;
        context.addIssue({ code: "custom", path: [name, "fallbacks", index], message });
      }
    }
    if ("base_url" in entry) {
      const problem = checkUpstreamUrl(entry.base_url, { allowPrivateHosts: entry.allow_private_hosts });
      if (problem !== undefined) {
        context.addIssue({ code: "custom", path: [name, "base_url"], message: problem });
      }
    }
  }
});

/**
 * Parses the variable TARGET_LMS. Throws `configuration_invalid` that names the model and the field; values of the
 * configuration are not repeated, because a key may have been pasted where a name belongs.
 */
export function parseTargetLmTable(text: string): TargetLmTable {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new AppError("configuration_invalid", "TARGET_LMS is not JSON; expected an object of model name -> settings");
  }
  const parsed = tableSchema.safeParse(json);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "(root)"}: ${message}`);
    throw new AppError("configuration_invalid", `TARGET_LMS: ${problems.join("; ")}`, { details: { problems } });
  }
  return new Map(Object.entries(parsed.data).map(([name, entry]) => [name, camelCased(entry)]));
}

function camelCased(entry: TargetLmEntry): TargetLmConfiguration {
  const renamed = Object.entries(entry).map(([key, value]) => [
    key.replaceAll(/_([a-z])/gu, (_, letter: string) => letter.toUpperCase()),
    value,
  ]);
  // The mapped type says exactly what the two lines above do; `headers` is not renamed, only the entry's own keys are.
  return Object.fromEntries(renamed) as TargetLmConfiguration;
}
