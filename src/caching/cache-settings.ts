import { z } from "zod";
import { AppError } from "../shared/errors.ts";

export interface AnswerCacheSettings {
  readonly ttlSeconds: number;
  /** `zero`: only requests that say `"temperature": 0`; `any`: the same answer for the same question is wanted anyway. */
  readonly temperature: "zero" | "any";
  /** Answers to questions that mean the same; undefined: to the same ones only. */
  readonly semantic: SemanticCacheSettings | undefined;
}

export interface SemanticCacheSettings {
  /** Least cosine of the questions' embeddings. */
  readonly threshold: number;
  /** Questions compared with, of the same context; the oldest is forgotten. */
  readonly entries: number;
}

/** CACHE, parsed; undefined: that stage is not cached. */
export interface CacheSettings {
  readonly embedding: { readonly ttlSeconds: number } | undefined;
  readonly retrieval: { readonly ttlSeconds: number } | undefined;
  readonly answer: AnswerCacheSettings | undefined;
}

const ttl = (seconds: number) => z.int().min(1).max(2_592_000).default(seconds);
const off = z.literal(false).transform(() => undefined);

const semanticSchema = z.strictObject({
  threshold: z.number().min(0.5).max(1).default(0.97),
  entries: z.int().min(1).max(256).default(64),
});

const settingsSchema = z.strictObject({
  // Changes with the encoder only, which is part of the key.
  embedding: z.union([off, z.strictObject({ ttl_seconds: ttl(86_400) })]).prefault({}),
  // A write of the collection is seen at once; the time bounds what the vector index shows late.
  retrieval: z.union([off, z.strictObject({ ttl_seconds: ttl(60) })]).prefault({}),
  answer: z
    .union([
      off,
      z.strictObject({
        ttl_seconds: ttl(3_600),
        temperature: z.enum(["zero", "any"]).default("zero"),
        semantic: z.union([off, semanticSchema]).prefault(false),
      }),
    ])
    .prefault(false),
});

/** Parses the variable CACHE (JSON). Throws `configuration_invalid` that names the field. */
export function parseCacheSettings(text: string | undefined): CacheSettings {
  let json: unknown;
  try {
    json = JSON.parse(text ?? "{}");
  } catch {
    throw new AppError("configuration_invalid", "CACHE is not JSON; expected an object of what is cached");
  }
  const parsed = settingsSchema.safeParse(json);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "(root)"}: ${message}`);
    throw new AppError("configuration_invalid", `CACHE: ${problems.join("; ")}`);
  }
  const { embedding, retrieval, answer } = parsed.data;
  return {
    embedding: embedding && { ttlSeconds: embedding.ttl_seconds },
    retrieval: retrieval && { ttlSeconds: retrieval.ttl_seconds },
    answer: answer && {
      ttlSeconds: answer.ttl_seconds,
      temperature: answer.temperature,
      semantic: answer.semantic,
    },
  };
}
