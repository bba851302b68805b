import { readFile } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { AppError } from "../../src/shared/errors.ts";
import { sha256Hex } from "../artifacts/meta.ts";
import { PRESET_NAMES } from "./presets.ts";

/** Options of a command by their camel-case names; the command's own schema checks them. */
const commandOptions = z.record(z.string(), z.json());
type CommandOptions = z.output<typeof commandOptions>;
const name = z.string().regex(/^[a-z0-9][a-z0-9-]*$/u, "expected lower-case letters, digits and dashes");

const setSchema = z.strictObject({
  /** BEIR-style folder, relative to the experiment file. All sets of an experiment share one corpus.jsonl. */
  data: z.string().min(1),
  split: z.string().min(1),
  /** Only questions whose field has this value: `set=nq_passages`. */
  where: z
    .string()
    .regex(/^[^=]+=.+$/u, "expected field=value")
    .optional(),
  /** `train`: mined, labelled and trained on. `dev`: chooses checkpoints. `test`: only ever evaluated. */
  role: z.enum(["train", "dev", "test"]),
  /** At most so many questions, by a hash of their ids. Of the training set only. */
  limit: z.int().min(1).optional(),
  /** A training set whose only split is called test. */
  allowTestSplit: z.boolean().default(false),
});

const answersSchema = z.strictObject({
  /** Options of `aar answer`: lm, model, protocol, documents, … */
  options: commandOptions,
  /** Whose passages a row of vectors answers from: its own, or those of hybrid search, the Worker's default. */
  mode: z.enum(["dense", "hybrid"]).default("dense"),
  /** Test sets that are answered; default all. */
  sets: z.array(name).optional(),
});

const experimentSchema = z
  .strictObject({
    schemaVersion: z.literal(1),
    name,
    preset: z.enum(PRESET_NAMES).default("edge"),
    seed: z.int().min(0).default(0),
    sets: z.record(name, setSchema),
    /** Passage vectors of `aar encode` for the corpus; default: encoded here. */
    vectors: z.string().optional(),
    /** Encoder folder to adapt; default: the committed one. Modes that train the encoder need an fp32 one. */
    encoder: z.string().optional(),
    /** Cut of a passage in tokens; has to be that of `vectors`. */
    maxPassageLength: z.int().min(3).optional(),
    /** Labels made before, of `aar score`; then no source LM is needed. */
    scores: z.array(z.string()).default([]),
    /** What labels: options of `aar score` (lm, signal, prompt, …). */
    score: commandOptions.default({}),
    conditions: z
      .array(z.enum(["human", "lm", "both", "control-base", "control-first", "control-random"]))
      .min(1)
      .optional(),
    modes: z
      .array(z.enum(["query-adapter", "query-encoder", "both"]))
      .min(1)
      .optional(),
    /** Over the preset's: options of the commands. `trainModes` are for one mode. */
    mine: commandOptions.default({}),
    build: commandOptions.default({}),
    train: commandOptions.default({}),
    trainModes: z.record(z.string(), commandOptions).default({}),
    evaluate: commandOptions.default({}).refine(({ mode }) => mode === undefined, {
      path: ["mode"],
      message:
        "every row is measured by its vectors and in hybrid search; leave it out (answers.mode says whose passages are answered from)",
    }),
    quantize: commandOptions.optional(),
    answers: answersSchema.optional(),
    /** Questions of a test set that also stand in training or dev. */
    overlap: z.enum(["refuse", "allow"]).default("refuse"),
  })
  .superRefine(({ sets }, context) => {
    const count = (role: string): number => Object.values(sets).filter((set) => set.role === role).length;
    if (count("train") !== 1 || count("dev") > 1 || count("test") === 0) {
      const got = `${count("train")} train, ${count("dev")} dev, ${count("test")} test`;
      context.addIssue({
        code: "custom",
        path: ["sets"],
        message: `expected one set with role train, at most one dev, at least one test; got ${got}`,
      });
    }
  });

/** A set of questions with its name and its folder as an absolute path. */
export type ExperimentSet = z.output<typeof setSchema> & { readonly name: string };

/** An experiment file, its defaults filled in and its paths made absolute. */
export type Experiment = Omit<z.output<typeof experimentSchema>, "sets"> & {
  readonly sets: readonly ExperimentSet[];
  /** The file as it was, and where. */
  readonly file: string;
  readonly text: string;
  readonly sha256: string;
};

/** Options of any command that name files, which are relative to the experiment file. */
const PATH_OPTIONS: ReadonlySet<string> = new Set(
  "lm reference tokenizer corpus data devData run vectors encoder adapter exclude texts compareWith".split(" "),
);

/**
 * Reads an experiment file, or `written`, which will be its text.
 * @throws AppError `invalid_artifact` that names the field, for a file that cannot be read, is not JSON, has an unknown field
 *   or lacks one.
 */
export async function readExperiment(file: string, written?: string): Promise<Experiment> {
  let text: string;
  let json: unknown;
  try {
    text = written ?? (await readFile(file, "utf8"));
    json = JSON.parse(text);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError("invalid_artifact", `experiment ${file} cannot be read: ${reason}`, { cause });
  }
  const parsed = experimentSchema.safeParse(json);
  if (!parsed.success) {
    throw new AppError("invalid_artifact", `experiment ${file}: ${z.prettifyError(parsed.error)}`);
  }
  const folder = path.dirname(path.resolve(file));
  const absolute = (given: string): string => (isUrl(given) ? given : path.resolve(folder, given));
  const absoluteIn = (options: CommandOptions): CommandOptions =>
    Object.fromEntries(
      Object.entries(options).map(([option, value]) => [
        option,
        typeof value === "string" && PATH_OPTIONS.has(option) ? absolute(value) : value,
      ]),
    );
  const {
    sets,
    vectors,
    encoder,
    scores,
    score,
    mine,
    build,
    train,
    trainModes,
    evaluate,
    quantize,
    answers,
    ...rest
  } = parsed.data;
  return {
    ...rest,
    sets: Object.entries(sets).map(([name, set]) => ({ ...set, name, data: absolute(set.data) })),
    vectors: vectors === undefined ? undefined : absolute(vectors),
    encoder: encoder === undefined ? undefined : absolute(encoder),
    scores: scores.map(absolute),
    score: absoluteIn(score),
    mine: absoluteIn(mine),
    build: absoluteIn(build),
    train: absoluteIn(train),
    trainModes: Object.fromEntries(Object.entries(trainModes).map(([mode, options]) => [mode, absoluteIn(options)])),
    evaluate: absoluteIn(evaluate),
    quantize: quantize === undefined ? undefined : absoluteIn(quantize),
    answers: answers === undefined ? undefined : { ...answers, options: absoluteIn(answers.options) },
    file,
    text,
    sha256: sha256Hex(text),
  };
}

/** A source LM may be a server. */
export function isUrl(text: string): boolean {
  return /^https?:\/\//u.test(text);
}

/** The set of a role; the schema has made sure that there is one of role train. */
export function setOfRole(experiment: Experiment, role: "train" | "dev"): ExperimentSet | undefined {
  return experiment.sets.find((set) => set.role === role);
}
