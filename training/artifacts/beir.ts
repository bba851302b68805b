import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { AppError } from "../../src/shared/errors.ts";
import type { VectorMetadata } from "../../src/vector-index/vector-index.ts";
import { readJsonl, readLines } from "./jsonl.ts";

/** Ids are strings or numbers in the wild; a number means its decimal text. `ids.txt` has one a line. */
const idSchema = z
  .union([z.string(), z.int()], {
    error: ({ input }) => (input === undefined ? "is missing" : "expected a string or a whole number"),
  })
  .transform(String)
  .refine((id) => id.trim() !== "" && !/[\r\n]/u.test(id), "an id must not be empty or hold a line break");

const metadataValueSchema = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())]);
/** As in Vectorize, values may be objects of plain values. A null says what a missing key says, and is dropped. */
const metadataSchema = z
  .record(
    z.string(),
    z.union([metadataValueSchema, z.record(z.string(), metadataValueSchema.nullable()), z.null()], {
      error: "expected a string, number, boolean, list of strings, or one object of these",
    }),
  )
  .transform((metadata): VectorMetadata => {
    const present = withoutNulls(metadata);
    return Object.fromEntries(
      Object.entries(present).map(([key, value]) => [key, isNested(value) ? withoutNulls(value) : value]),
    );
  });

const corpusLineSchema = z.looseObject({
  _id: idSchema,
  title: z.string().nullish(),
  text: z.string(),
  url: z.string().nullish(),
  document_id: idSchema.nullish(),
  metadata: metadataSchema.nullish(),
});
const queryLineSchema = z.looseObject({
  _id: idSchema,
  text: z.string().refine((text) => text.trim() !== "", "a query must not be empty"),
  answers: z.array(z.string()).nullish(),
  split: z.string().nullish(),
  choices: z.array(z.string()).nullish(),
});

/** A line of `corpus.jsonl`. `url`, `document_id` and `metadata` are extensions that other readers ignore. */
export interface CorpusPassage {
  readonly id: string;
  /** Empty when the corpus has none. */
  readonly title: string;
  readonly text: string;
  readonly url: string;
  readonly documentId: string;
  readonly metadata: VectorMetadata;
}

/** A line of `queries.jsonl`. */
export interface EvaluationQuery {
  readonly id: string;
  readonly text: string;
  /** Accepted short answers; empty when the set has none. */
  readonly answers: readonly string[];
}

/** Grades by query id and passage id; grade 0 is "judged, not relevant". */
export type Qrels = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** What one split of a BEIR-style folder holds. */
export interface EvaluationSet {
  readonly queries: readonly EvaluationQuery[];
  readonly qrels: Qrels;
}

/** Told of what is odd in the data and yet goes on; one sentence each time. */
export type Warn = (message: string) => void;

/**
 * Streams `corpus.jsonl`; fields of other tools are ignored. Passages without title and text are kept, because judgments
 * may name them (FiQA has such), and `warn` is told their number at the end of the file.
 * @throws AppError `invalid_artifact` with file and line for a malformed line or an id seen before.
 */
export async function* readCorpus(file: string, warn: Warn = () => undefined): AsyncGenerator<CorpusPassage> {
  let empty = 0;
  const firstLines = new Map<string, number>();
  for await (const { line, value } of readJsonl(file, corpusLineSchema)) {
    const { _id: id, text } = value;
    const title = value.title ?? "";
    checkUnseen({ id, line, file, firstLines });
    empty += text.trim() === "" && title.trim() === "" ? 1 : 0;
    yield {
      id,
      title,
      text,
      url: value.url ?? "",
      documentId: value.document_id ?? id,
      metadata: value.metadata ?? {},
    };
  }
  if (firstLines.size === 0) {
    throw new AppError("invalid_artifact", `${file}: holds no passage`);
  }
  if (empty > 0) {
    warn(`${file}: ${empty} of ${firstLines.size} passages have neither title nor text; their vectors mean nothing`);
  }
}

/** The whole of `corpus.jsonl`, in its order. See `readCorpus`. */
export async function loadCorpus(file: string, warn?: Warn): Promise<CorpusPassage[]> {
  return await Array.fromAsync(readCorpus(file, warn));
}

/** A line of `queries.jsonl` with the split it belongs to and, for a multiple-choice question, its options. */
export interface QueryLine extends EvaluationQuery {
  readonly split: string | undefined;
  /** Empty when the question is open. */
  readonly choices: readonly string[];
}

/** Streams `queries.jsonl`, all splits of it. Throws `invalid_artifact` like `readCorpus`. */
export async function* readQueries(file: string): AsyncGenerator<QueryLine> {
  const firstLines = new Map<string, number>();
  for await (const { line, value } of readJsonl(file, queryLineSchema)) {
    checkUnseen({ id: value._id, line, file, firstLines });
    yield {
      id: value._id,
      text: value.text,
      answers: value.answers ?? [],
      split: value.split ?? undefined,
      choices: value.choices ?? [],
    };
  }
}

/**
 * Queries and judgments of a split. Both layouts in use: `qrels/<split>.tsv` (BEIR), where the split is the queries it
 * judges; or one `qrels.tsv` and a field `split` in `queries.jsonl`. Queries keep the order of `queries.jsonl`.
 */
export async function loadEvaluationSet(folder: string, split: string): Promise<EvaluationSet> {
  const queriesFile = path.join(folder, "queries.jsonl");
  const perSplit = path.join(folder, "qrels", `${split}.tsv`);
  const isPerSplit = existsSync(perSplit);
  const qrels = await readQrels(isPerSplit ? perSplit : path.join(folder, "qrels.tsv"));
  const all = await Array.fromAsync(readQueries(queriesFile));
  const splits = new Set(all.flatMap(({ split: name }) => name ?? []));
  const queries = all.filter((query) => (isPerSplit ? qrels.has(query.id) : query.split === split));
  if (queries.length === 0) {
    const there =
      splits.size === 0 ? "the queries name no split" : `the queries know ${[...splits].toSorted().join(", ")}`;
    throw new AppError(
      "invalid_artifact",
      `${folder} has no queries of split "${split}": no qrels/${split}.tsv, and ${there}`,
    );
  }
  const wanted = new Set(queries.map(({ id }) => id));
  const known = new Set(all.map(({ id }) => id));
  const unknown = [...qrels.keys()].find((id) => !known.has(id));
  if (unknown !== undefined) {
    throw new AppError("invalid_artifact", `${folder}: query "${unknown}" is judged but not in queries.jsonl`);
  }
  return { queries, qrels: new Map([...qrels].filter(([id]) => wanted.has(id))) };
}

/** All judgments of a folder, of whatever split: `qrels.tsv`, or `qrels/*.tsv` together. Empty when there are none. */
export async function readAllQrels(folder: string): Promise<Qrels> {
  const single = path.join(folder, "qrels.tsv");
  if (existsSync(single)) {
    return await readQrels(single);
  }
  const all = await Promise.all((await qrelsFiles(folder)).map((name) => readQrels(path.join(folder, "qrels", name))));
  return new Map(all.flatMap((qrels) => [...qrels]));
}

async function qrelsFiles(folder: string): Promise<readonly string[]> {
  const qrels = path.join(folder, "qrels");
  return existsSync(qrels) ? (await readdir(qrels)).filter((name) => name.endsWith(".tsv")) : [];
}

/** The names of a folder's splits: those that its queries name, and those of `qrels/*.tsv`. Empty when nothing names one. */
export async function listSplits(folder: string): Promise<readonly string[]> {
  const named = new Set<string>();
  for await (const { split } of readQueries(path.join(folder, "queries.jsonl"))) {
    if (split !== undefined) {
      named.add(split);
    }
  }
  for (const file of await qrelsFiles(folder)) {
    named.add(path.basename(file, ".tsv"));
  }
  return [...named].toSorted();
}

/**
 * Judgments may point at passages that the corpus does not have; no retriever can find them and, as in trec_eval, each
 * counts as a miss. Warns with their number.
 * @throws AppError `invalid_artifact` when none is there: the judgments are of another corpus.
 */
export function checkJudgedPassages(qrels: Qrels, corpusIds: { has(id: string): boolean }, warn: Warn): void {
  const judged = [...qrels].flatMap(([queryId, grades]) => [...grades.keys()].map((id) => ({ queryId, id })));
  const missing = judged.filter(({ id }) => !corpusIds.has(id));
  const [first] = missing;
  if (first === undefined) {
    return;
  }
  const example = `"${first.id}" of query "${first.queryId}"`;
  if (missing.length === judged.length) {
    throw new AppError(
      "invalid_artifact",
      `no judged passage is in the corpus, ${example} for one: is it another corpus?`,
    );
  }
  warn(
    `${missing.length} of ${judged.length} judgments are of passages not in the corpus, as ${example}; they count as missed`,
  );
}

/** Reads tab-separated `query-id corpus-id score` with a header. Grades are integers. Throws `invalid_artifact` with file and line. */
async function readQrels(file: string): Promise<Qrels> {
  const qrels = new Map<string, Map<string, number>>();
  for await (const { line, text } of readLines(file)) {
    const [queryId, id, gradeText, ...rest] = text.split("\t");
    const isHeader = line === 1 && queryId === "query-id";
    if (isHeader) {
      continue;
    }
    const grade = Number(gradeText);
    if (
      queryId === undefined ||
      id === undefined ||
      gradeText === undefined ||
      rest.length > 0 ||
      !Number.isInteger(grade)
    ) {
      throw new AppError("invalid_artifact", `${file}:${line}: expected "query-id<tab>corpus-id<tab>integer grade"`);
    }
    const grades = qrels.get(queryId) ?? new Map<string, number>();
    if (grades.has(id)) {
      throw new AppError("invalid_artifact", `${file}:${line}: passage "${id}" is judged twice for query "${queryId}"`);
    }
    grades.set(id, grade);
    qrels.set(queryId, grades);
  }
  return qrels;
}

function withoutNulls<Value>(record: Readonly<Record<string, Value | null>>): Record<string, Value> {
  return Object.fromEntries(
    Object.entries(record).flatMap(([key, value]) => (value === null ? [] : [[key, value] as const])),
  );
}

function isNested<Value extends object>(value: string | number | boolean | string[] | Value): value is Value {
  return typeof value === "object" && !Array.isArray(value);
}

interface UnseenCheck {
  readonly id: string;
  readonly line: number;
  readonly file: string;
  readonly firstLines: Map<string, number>;
}

function checkUnseen({ id, line, file, firstLines }: UnseenCheck): void {
  const first = firstLines.get(id);
  if (first !== undefined) {
    throw new AppError("invalid_artifact", `${file}:${line}: id "${id}" is already on line ${first}`);
  }
  firstLines.set(id, line);
}
