import { z } from "zod";
import { VECTORIZE_LIMITS } from "./limits.ts";
import { METADATA_INDEX_TYPES } from "./metadata.ts";
import { VECTOR_METRICS } from "./similarity.ts";
import { vectorizeProblem } from "./vectorize-problem.ts";

const settingsSchema = z.strictObject({
  dimensions: z.int().min(1).max(VECTORIZE_LIMITS.dimensions).default(384),
  metric: z.enum(VECTOR_METRICS).default("cosine"),
  /** Created before the first vector; later additions do not see older vectors. */
  metadataIndexes: z.record(z.string(), z.enum(METADATA_INDEX_TYPES)).default({}),
  /** How long a mutation stays invisible, to meet Vectorize's eventual consistency in tests. */
  visibilityDelayMs: z.int().min(0).max(3_600_000).default(0),
  /** Whose limits apply: 1,000 namespaces on the free plan, 50,000 on the paid one. */
  plan: z.enum(["free", "paid"]).default("paid"),
});

/** The embedded index's settings: the var `EMBEDDED_VECTORIZE`, JSON. */
export type EmbeddedIndexSettings = z.infer<typeof settingsSchema>;

/** Parses the var; undefined or empty gives the defaults (384 dimensions, cosine, no metadata index). */
export function parseEmbeddedIndexSettings(json: unknown): EmbeddedIndexSettings {
  const parsed = settingsSchema.safeParse(
    typeof json === "string" && json.trim() !== "" ? parseJson(json) : (json ?? {}),
  );
  if (!parsed.success) {
    throw vectorizeProblem("invalidConfiguration", `EMBEDDED_VECTORIZE: ${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

function parseJson(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw vectorizeProblem("invalidConfiguration", `EMBEDDED_VECTORIZE is not JSON: ${String(cause)}`);
  }
}
