import { readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { z } from "zod";

const FOLDER = path.resolve(import.meta.dirname, "../fixtures/training");

const numbers = z.array(z.number());
const texts = z.strictObject({ ids: z.array(numbers), mask: z.array(numbers) });
const schema = z.strictObject({
  versions: z.record(z.string(), z.string()),
  batch: z.strictObject({
    queries: texts,
    passages: texts,
    passage_query: numbers,
    is_positive: z.array(z.boolean()),
    teacher_scores: numbers,
  }),
  query_embeddings: numbers,
  passage_embeddings: numbers,
  losses: z.array(
    z.strictObject({
      name: z.string(),
      options: z.strictObject({
        similarity: z.enum(["dot", "cosine"]).default("dot"),
        temperature: z.number().default(1),
        teacherTemperature: z.number().default(1),
        distance: z.enum(["cosine", "squared"]).default("cosine"),
      }),
      loss: z.number(),
      query_gradient: numbers,
      passage_gradient: numbers,
    }),
  ),
  training: z.strictObject({
    options: z.strictObject({
      similarity: z.literal("cosine"),
      temperature: z.number(),
      learningRate: z.number(),
      weightDecay: z.number(),
      clipNorm: z.number(),
      warmupSteps: z.int(),
      totalSteps: z.int(),
    }),
    losses: numbers,
    norms: numbers,
    rates: numbers,
    parameters: z.array(
      z.strictObject({
        name: z.string(),
        initializer: z.string(),
        first_gradient: numbers,
        final: numbers,
        float32_drift: z.number(),
      }),
    ),
  }),
  optimizers: z.strictObject({
    dims: z.tuple([z.int(), z.int()]),
    start: numbers,
    rows: z.array(numbers),
    slopes: z.array(numbers),
    cases: z.array(
      z.strictObject({
        name: z.enum(["AdamW", "SparseAdam"]),
        options: z.strictObject({
          lr: z.number(),
          betas: z.tuple([z.number(), z.number()]),
          eps: z.number(),
          weight_decay: z.number().default(0),
        }),
        final: numbers,
      }),
    ),
  }),
  schedules: z.array(
    z.strictObject({
      name: z.enum(["linear", "cosine"]),
      warmup_steps: z.int(),
      total_steps: z.int(),
      factors: numbers,
    }),
  ),
});

export type TrainingFixture = z.output<typeof schema>;

/** What PyTorch computed over the tiny encoder of `test/fixtures/training`; see `scripts/make-training-fixture.py`. */
export function readTrainingFixture(): TrainingFixture {
  const file = readFileSync(path.join(FOLDER, "expected.json.gz"));
  return schema.parse(JSON.parse(gunzipSync(file).toString()));
}

/** The encoder that it was computed with. */
export const TRAINING_FIXTURE_MODEL = path.join(FOLDER, "model.onnx");
