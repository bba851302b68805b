import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { z } from "zod";
import { AppError } from "../../src/shared/errors.ts";
import { writeFileAtomic } from "./atomic-file.ts";
import { readJsonl } from "./jsonl.ts";
import { metaPath, writeMeta } from "./meta.ts";

/** Raised when the lines of `train.jsonl` change. */
const TRAINING_EXAMPLES_VERSION = 1;

const positiveSchema = z.strictObject({
  passage_id: z.string().min(1),
  /** Who says so: `human` (qrels), `lm`, or the name of a signal; each once. */
  from: z.array(z.string().min(1)).min(1),
  /** The signal's score of this passage, on its own scale. */
  score: z.number().optional(),
});
const exampleLineSchema = z.strictObject({
  query_id: z.string().min(1),
  query: z.string().refine((text) => text.trim() !== "", "a query must not be empty"),
  positives: z.array(positiveSchema),
  hard_negatives: z.array(z.string().min(1)),
  /** Scores of the signal by passage id, for losses that learn from degrees; passages outside of the lists are allowed. */
  scores: z.record(z.string(), z.number()).optional(),
});
const metaSchema = z.looseObject({
  schemaVersion: z.literal(TRAINING_EXAMPLES_VERSION),
  inputs: z.looseObject({ corpus: z.string(), queries: z.string() }),
});

/** A passage that answers the query, and who says so. */
interface TrainingPositive {
  readonly passageId: string;
  readonly from: readonly string[];
  readonly score?: number | undefined;
}

/** One question to learn from; texts of passages are in `corpus.jsonl`. */
export interface TrainingExample {
  readonly queryId: string;
  readonly query: string;
  /** At least one. */
  readonly positives: readonly TrainingPositive[];
  /** Best first; none of them a positive. */
  readonly hardNegatives: readonly string[];
  readonly scores?: Readonly<Record<string, number>> | undefined;
}

/**
 * Streams a `train.jsonl` or `dev.jsonl`. `corpusIds` are the ids of the corpus that the passages are taken from.
 * @throws AppError `invalid_artifact` with file and line for a malformed line, a query seen before, a query without
 *   positives, a passage that the corpus lacks, or one listed twice (as positive and negative, say).
 */
export async function* readTrainingExamples(
  file: string,
  corpusIds: { has(id: string): boolean },
): AsyncGenerator<TrainingExample> {
  const firstLines = new Map<string, number>();
  for await (const { line, value } of readJsonl(file, exampleLineSchema)) {
    const fail = (reason: string): never => {
      throw new AppError("invalid_artifact", `${file}:${line}: query "${value.query_id}" ${reason}`);
    };
    const first = firstLines.get(value.query_id);
    if (first !== undefined) {
      fail(`is already on line ${first}`);
    }
    firstLines.set(value.query_id, line);
    const example = toExample(value);
    const problem = findProblem(example, corpusIds);
    if (problem !== undefined) {
      fail(problem);
    }
    yield example;
  }
  if (firstLines.size === 0) {
    throw new AppError("invalid_artifact", `${file}: holds no example`);
  }
}

function toExample({ query_id, query, positives, hard_negatives, scores }: z.output<typeof exampleLineSchema>) {
  return {
    queryId: query_id,
    query,
    positives: positives.map(({ passage_id: passageId, from, score }) =>
      score === undefined ? { passageId, from } : { passageId, from, score },
    ),
    hardNegatives: hard_negatives,
    ...(scores === undefined ? {} : { scores }),
  } satisfies TrainingExample;
}

/** What makes an example unusable, as the end of a sentence about its query. */
function findProblem(
  { positives, hardNegatives, scores = {} }: TrainingExample,
  corpusIds: { has(id: string): boolean },
): string | undefined {
  if (positives.length === 0) {
    return "has no positives: there is nothing to learn from it; leave it out";
  }
  const seen = new Set<string>();
  for (const id of [...positives.map(({ passageId }) => passageId), ...hardNegatives]) {
    if (seen.has(id)) {
      return `lists passage "${id}" twice among its positives and hard negatives`;
    }
    seen.add(id);
  }
  const unknown = [...seen, ...Object.keys(scores)].find((id) => !corpusIds.has(id));
  return unknown === undefined ? undefined : `names passage "${unknown}", which the corpus does not have`;
}

export interface WriteTrainingExamplesOptions {
  readonly examples: Iterable<TrainingExample> | AsyncIterable<TrainingExample>;
  /** sha256 (hex) of `corpus.jsonl` and `queries.jsonl`, and of what else went in. */
  readonly inputs: Readonly<{ corpus: string; queries: string } & Record<string, string>>;
  /** How they were made, for the meta file. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly facts?: Readonly<Record<string, unknown>>;
}

/** Writes the lines and then `<file>.meta.json`, each atomically. Returns the number of examples. */
export async function writeTrainingExamples(
  file: string,
  { examples, inputs, options, facts = {} }: WriteTrainingExamplesOptions,
): Promise<number> {
  let count = 0;
  async function* lines(): AsyncGenerator<string> {
    for await (const example of examples) {
      count++;
      yield `${JSON.stringify(toLine(example))}\n`;
    }
  }
  await writeFileAtomic(file, lines());
  await writeMeta(file, {
    stage: "build",
    schemaVersion: TRAINING_EXAMPLES_VERSION,
    options,
    inputs,
    facts: { examples: count, ...facts },
  });
  return count;
}

function toLine({ queryId, query, positives, hardNegatives, scores }: TrainingExample): unknown {
  return {
    query_id: queryId,
    query,
    positives: positives.map(({ passageId, from, score }) => ({ passage_id: passageId, from, score })),
    hard_negatives: hardNegatives,
    scores,
  };
}

/**
 * Checks that examples were built from this corpus. A file without a meta file, written by hand, passes: its passage ids
 * are checked line by line all the same.
 * @throws AppError `invalid_artifact` when the meta file names another corpus or another layout.
 */
export async function checkExamplesOfCorpus(file: string, corpusSha256: string): Promise<void> {
  const meta = metaPath(file);
  if (!existsSync(meta)) {
    return;
  }
  const parsed = metaSchema.safeParse(parseJson(meta, await readFile(meta, "utf8")));
  if (!parsed.success) {
    throw new AppError("invalid_artifact", `${meta}: ${z.prettifyError(parsed.error)}`);
  }
  if (parsed.data.inputs.corpus !== corpusSha256) {
    throw new AppError(
      "invalid_artifact",
      `${file} was built from a corpus with sha256 ${parsed.data.inputs.corpus}, this one has ${corpusSha256}; build it again`,
    );
  }
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AppError("invalid_artifact", `${file}: not JSON`, { cause });
  }
}
