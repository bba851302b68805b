import { readFile } from "node:fs/promises";
import { z } from "zod";
import { AppError } from "../../src/shared/errors.ts";

/** What is trained; see `aar train --help`. */
const TRAINING_MODES = ["query-adapter", "query-encoder", "both", "distill"] as const;
export type TrainingMode = (typeof TRAINING_MODES)[number];

/** How an adapter's weights are stored; it is trained in float32. */
const ADAPTER_DTYPES = ["float32", "float16"] as const;

const positiveInt = z.int().min(1);

/**
 * Everything that a run can be told, by the name it has in a configuration file and, in kebab-case, as a flag. All are
 * optional here: a flag beats the file, the file beats the default of the mode.
 */
export const trainingFields = {
  mode: z.enum(TRAINING_MODES).optional().meta({ placeholder: "mode", description: "what is trained (see above)" }),
  output: z.string().optional().meta({ placeholder: "dir", description: "the run's checkpoints, metrics and result" }),
  train: z.string().optional().meta({ placeholder: "file", description: "train.jsonl of `build`" }),
  corpus: z
    .string()
    .optional()
    .meta({ placeholder: "path", description: "corpus.jsonl, or a folder that has one (both, distill)" }),
  vectors: z.string().optional().meta({ placeholder: "dir", description: "frozen passage vectors of `encode`" }),
  encoder: z
    .string()
    .optional()
    .meta({ placeholder: "dir", description: "encoder folder; fp32, but for query-adapter" }),
  texts: z.string().optional().meta({
    placeholder: "file",
    description: "mode distill, in place of --corpus: a text a line, or JSONL with text or query",
  }),
  dev: z.string().optional().meta({ placeholder: "file", description: "dev.jsonl: what the run is selected on" }),
  devData: z
    .string()
    .optional()
    .meta({ placeholder: "dir", description: "or a BEIR-style folder over the same passages" }),
  devSplit: z.string().optional().meta({ placeholder: "name", description: "judged split of --dev-data" }),
  devQueries: positiveInt.optional().meta({ description: "dev questions at most" }),
  devPassages: positiveInt
    .optional()
    .meta({ description: "passages that mode both re-encodes to measure: dev positives, then others" }),
  epochs: z.number().positive().optional().meta({ description: "passes over the questions" }),
  maxSteps: positiveInt.optional().meta({ description: "stop after so many steps" }),
  batchSize: positiveInt
    .optional()
    .meta({ description: "questions of a batch; passages of all are in-batch negatives" }),
  accumulation: positiveInt.optional().meta({ description: "batches of one optimiser step" }),
  microBatch: positiveInt.optional().meta({
    description:
      "whole encoders: texts in memory at once (GradCache); any batch size, the same gradients, a third slower",
  }),
  bucketBatches: positiveInt
    .optional()
    .meta({ description: "batches among which questions are sorted by length; 1: none" }),
  positives: z
    .enum(["variable", "strict3"])
    .optional()
    .meta({ placeholder: "rule", description: "strict3: only queries with 3 positives, as AAR's code" }),
  maxPositives: positiveInt
    .optional()
    .meta({ description: "positives of a question in an epoch; others take their turn" }),
  negatives: z
    .int()
    .min(0)
    .optional()
    .meta({ description: "hard negatives of a question in an epoch; the window rotates" }),
  hardNegatives: z.enum(["file", "base"]).optional().meta({
    placeholder: "source",
    description: "of the training file, or the base's first passages less the positives (needs --vectors)",
  }),
  baseDepth: positiveInt.optional().meta({ description: "how many first passages of the base" }),
  inBatchNegatives: z.boolean().optional().meta({ description: "set false in the file: own negatives only" }),
  maskFalseNegatives: z
    .boolean()
    .optional()
    .describe(
      "no in-batch negatives that the base finds nearer to a question than its positives (GISTEmbed); both: needs --vectors",
    ),
  maskMargin: z
    .number()
    .min(0)
    .optional()
    .meta({ description: "cosine below the positive from which they are masked" }),
  matryoshka: z
    .array(z.coerce.number<string | number>().int().min(1))
    .optional()
    .meta({ placeholder: "list", description: "train cuts of the embedding too: 384,128,64" }),
  loss: z
    .enum(["contrastive", "sum-marg-lh", "kl-distillation", "graded-distillation", "margin-mse", "embedding-alignment"])
    .optional()
    .meta({ placeholder: "name" }),
  temperature: z.number().positive().optional().meta({ description: "divides similarities" }),
  teacherTemperature: z
    .number()
    .positive()
    .optional()
    .meta({ description: "divides the LM's scores in kl-distillation and graded-distillation; small: its best alone" }),
  learningRate: z.number().positive().optional(),
  schedule: z
    .enum(["constant", "linear", "cosine"])
    .optional()
    .meta({ placeholder: "name", description: "of the learning rate" }),
  warmup: z.number().min(0).max(1).optional().meta({ description: "share of the steps in which the rate rises" }),
  weightDecay: z.number().min(0).optional(),
  clipNorm: z.number().positive().optional().meta({ description: "largest norm of the gradient" }),
  layerDecay: z
    .number()
    .positive()
    .max(1)
    .optional()
    .meta({ description: "factor of the rate from a layer to the one below" }),
  frozen: z
    .array(z.string())
    .optional()
    .meta({ placeholder: "list", description: "parts of names of weights that stay" }),
  adapter: z
    .enum(["linear", "low-rank", "mlp"])
    .optional()
    .meta({ placeholder: "kind", description: "of query-adapter" }),
  adapterDtype: z
    .enum(ADAPTER_DTYPES)
    .optional()
    .meta({ placeholder: "type", description: "of the weights in the adapter's file; float16 halves it" }),
  adapterWidth: positiveInt.optional().meta({ description: "inner width of low-rank and mlp" }),
  identityWeight: z.number().min(0).optional().meta({ description: "pull of the adapter towards the identity" }),
  layers: z
    .array(z.coerce.number<string | number>().int().min(0))
    .optional()
    .meta({ placeholder: "list", description: "layers that distill keeps, from 0" }),
  student: z.string().optional().meta({
    placeholder: "dir",
    description: "mode distill, in place of --layers: fp32 encoder that was distilled before, to go on with",
  }),
  maxTexts: positiveInt.optional().meta({ description: "texts that distill reads, chosen by hash" }),
  blend: z.array(z.coerce.number<string | number>().min(0).max(1)).min(1).optional().meta({
    placeholder: "list",
    description: "export base + share x (trained - base), the best of these shares by the dev measure: 0.5,0.75,1",
  }),
  evaluateEvery: positiveInt.optional().meta({ description: "steps between dev measurements; default: an epoch" }),
  checkpointEvery: positiveInt
    .optional()
    .meta({ description: "steps between checkpoints; default: at each measurement" }),
  patience: positiveInt
    .optional()
    .meta({ description: "measurements without a better one before it stops; default: never" }),
  seed: z.int().min(0).optional(),
  maxQueryLength: z.int().min(3).optional().meta({ description: "tokens; default the manifest's" }),
  maxPassageLength: z.int().min(3).optional().meta({ description: "tokens; default the manifest's" }),
  pooling: z
    .enum(["mean", "cls", "last_token"])
    .optional()
    .meta({ placeholder: "kind", description: "of a folder without manifest" }),
  graphOutput: z
    .string()
    .optional()
    .meta({ placeholder: "name", description: "graph output that is the last hidden state" }),
  queryPrefix: z.string().optional().meta({ placeholder: "text" }),
  passagePrefix: z.string().optional().meta({ placeholder: "text" }),
  name: z.string().optional().meta({ description: "of the result; default: the encoder's with the mode" }),
  threads: z.int().min(1).max(256).optional().meta({ description: "default: as many as the machine has cores" }),
} as const;

const fileSchema = z.strictObject({ schemaVersion: z.literal(1), ...trainingFields });

/** What flags and file give. */
export type GivenTrainingOptions = z.output<z.ZodObject<typeof trainingFields>>;

const COMMON_DEFAULTS = {
  devSplit: "dev",
  devQueries: 500,
  devPassages: 2000,
  accumulation: 1,
  bucketBatches: 50,
  positives: "variable",
  negatives: 7,
  baseDepth: 50,
  inBatchNegatives: true,
  maskFalseNegatives: false,
  maskMargin: 0,
  loss: "contrastive",
  temperature: 0.05,
  teacherTemperature: 1,
  schedule: "linear",
  weightDecay: 0,
  clipNorm: 1,
  layerDecay: 1,
  adapter: "linear",
  adapterWidth: 64,
  adapterDtype: "float32",
  identityWeight: 0,
  maxTexts: 20_000,
  seed: 0,
} as const satisfies GivenTrainingOptions;

/** Where a mode differs. `both` is AAR's own setting (AAR.md a.9), with the temperature of Contriever. */
const MODE_DEFAULTS = {
  "query-adapter": { epochs: 8, batchSize: 64, learningRate: 3e-4, warmup: 0, maxPositives: 1, hardNegatives: "base" },
  "query-encoder": {
    epochs: 3,
    batchSize: 32,
    learningRate: 3e-5,
    warmup: 0.1,
    maxPositives: 1,
    hardNegatives: "base",
  },
  both: { epochs: 3, batchSize: 8, learningRate: 1e-5, warmup: 0.1, maxPositives: 3, hardNegatives: "file" },
  distill: {
    epochs: 3,
    batchSize: 64,
    learningRate: 3e-4,
    warmup: 0.1,
    maxPositives: 1,
    hardNegatives: "file",
    loss: "embedding-alignment",
  },
} as const satisfies Record<TrainingMode, GivenTrainingOptions>;

type ModeDefaults = (typeof MODE_DEFAULTS)[TrainingMode];

/** Everything that decides a run, defaults filled in. */
export type TrainingOptions = Omit<GivenTrainingOptions, keyof typeof COMMON_DEFAULTS | keyof ModeDefaults> & {
  readonly [Name in keyof typeof COMMON_DEFAULTS | keyof ModeDefaults | "mode" | "output"]-?: NonNullable<
    GivenTrainingOptions[Name]
  >;
};

/**
 * Flags over file over defaults.
 * @throws AppError `invalid_request` when neither gives `mode` and `output`.
 */
export function resolveTrainingOptions(flags: GivenTrainingOptions, file: GivenTrainingOptions): TrainingOptions {
  const given = { ...present(file), ...present(flags) };
  const { mode, output } = given;
  if (mode === undefined || output === undefined) {
    const missing = mode === undefined ? `--mode (${TRAINING_MODES.join(", ")})` : "--output";
    throw new AppError("invalid_request", `${missing} is required, as a flag or in the configuration file`);
  }
  return { ...COMMON_DEFAULTS, ...MODE_DEFAULTS[mode], ...given, mode, output };
}

/**
 * Reads a configuration file: JSON with `schemaVersion` 1 and the options by name.
 * @throws AppError `invalid_artifact` that names the field.
 */
export async function readTrainingFile(file: string): Promise<GivenTrainingOptions> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, "utf8"));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError("invalid_artifact", `configuration ${file} cannot be read: ${reason}`, { cause });
  }
  const parsed = fileSchema.safeParse(json);
  if (!parsed.success) {
    throw new AppError("invalid_artifact", `configuration ${file}: ${z.prettifyError(parsed.error)}`);
  }
  const { schemaVersion: _, ...options } = parsed.data;
  return options;
}

/** What a mode uses when nothing is said, for the help. */
export function describeDefaults(): string {
  const line = (values: object): string =>
    Object.entries(values)
      .map(([name, value]) => `${name} ${String(value)}`)
      .join(", ");
  const modes = Object.entries(MODE_DEFAULTS).map(([mode, values]) => `  ${mode}: ${line(values)}`);
  return ["Defaults:", `  all modes: ${line(COMMON_DEFAULTS)}`, ...modes].join("\n");
}

type PresentOptions = {
  readonly [Name in keyof GivenTrainingOptions]?: Exclude<GivenTrainingOptions[Name], undefined>;
};

function present(options: GivenTrainingOptions): PresentOptions {
  // Object.fromEntries forgets which names there are.
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as PresentOptions;
}
