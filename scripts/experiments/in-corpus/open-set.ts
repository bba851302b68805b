import { existsSync } from "node:fs";
import path from "node:path";
import type { Encoder } from "../../../src/encoder/encoder.ts";
import { AppError } from "../../../src/shared/errors.ts";
import { loadCorpus, loadEvaluationSet } from "../../../training/artifacts/beir.ts";
import type { CorpusPassage, EvaluationSet } from "../../../training/artifacts/beir.ts";
import { hashFraction } from "../../../training/artifacts/hash-split.ts";
import { sha256File } from "../../../training/artifacts/meta.ts";
import { loadVectorSet } from "../../../training/artifacts/vector-set.ts";
import type { VectorSet } from "../../../training/artifacts/vector-set.ts";
import { mineCommand } from "../../../training/commands/mine.ts";
import { loadEncoder } from "../../../training/encoder/load-encoder.ts";
import { encodeCorpus } from "../../../training/indexing/encode-corpus.ts";
import { readCandidates } from "../../../training/mining/read-candidates.ts";
import type { Candidates } from "../../../training/mining/read-candidates.ts";
import { readScores } from "../../../training/preferences/signal-scores.ts";
import type { ScoresBySignal } from "../../../training/preferences/signal-scores.ts";
import { IN_CORPUS_SETS } from "../../../training/reproduction/in-corpus/sets.ts";
import type { InCorpusName } from "../../../training/reproduction/in-corpus/sets.ts";
import { writeQuestions } from "../../../training/reproduction/in-corpus/write-questions.ts";
import { COHORTS } from "./cohorts.ts";
import type { ChosenCohort } from "./cohorts.ts";
import { PASSAGE_TOKENS } from "./workshop.ts";
import type { Workshop } from "./workshop.ts";

/** Passages to be searched. */
export interface OpenedCorpus {
  readonly file: string;
  readonly passages: readonly CorpusPassage[];
  readonly vectors: VectorSet;
  readonly encoder: Encoder;
}

/** A set with all that its experiments share. */
export interface OpenedSet {
  readonly name: InCorpusName;
  /** BEIR folder whose splits are the parts. */
  readonly folder: string;
  readonly vectorsFolder: string;
  readonly corpus: OpenedCorpus & { readonly sha256: string };
  readonly candidates: Candidates;
  readonly scores: ScoresBySignal;
  /** Training questions of the cohort: mined, labelled, and judged. */
  readonly labelled: EvaluationSet;
}

/** Makes what is missing of a set's questions, vectors and candidates, and reads all of it. */
export async function openSet(name: InCorpusName, workshop: Workshop): Promise<OpenedSet> {
  const { data, work, cohort } = workshop;
  const own = path.join(work, name);
  const folder = path.join(own, "questions");
  await writeQuestions({ set: IN_CORPUS_SETS[name], data, output: folder });
  const file = path.join(folder, "corpus.jsonl");
  const vectorsFolder = path.join(own, "vectors");
  const corpus = await openCorpus(file, { vectorsFolder, workshop });
  const candidatesFolder = path.join(own, "candidates");
  if (!existsSync(path.join(candidatesFolder, "candidates.trec"))) {
    await mine({ folder, vectorsFolder, output: candidatesFolder }, workshop);
  }
  const corpusIds = new Set(corpus.passages.map(({ id }) => id));
  const sha256 = await sha256File(file);
  const candidates = await readCandidates(candidatesFolder, { corpusIds, corpusSha256: sha256 });
  const scores = await readLabels(name, { workshop, corpusIds });
  const train = await loadEvaluationSet(folder, "train");
  return {
    name,
    folder,
    vectorsFolder,
    corpus: { ...corpus, sha256 },
    candidates,
    scores,
    labelled: { queries: cohortOf(train, { cohort, candidates, scores }), qrels: train.qrels },
  };
}

export interface OpenCorpusOptions {
  /** Vectors are encoded into it when it has none. */
  readonly vectorsFolder: string;
  readonly workshop: Workshop;
}

/** Reads passages and their vectors. */
export async function openCorpus(file: string, { vectorsFolder, workshop }: OpenCorpusOptions): Promise<OpenedCorpus> {
  const { encoderFolder, threads, progress, signal } = workshop;
  const encoder = await loadEncoder(encoderFolder, { threads, maxPassageLength: PASSAGE_TOKENS });
  if (!existsSync(path.join(vectorsFolder, "vectors.meta.json"))) {
    await encodeCorpus({ corpus: file, output: vectorsFolder, encoder, progress, signal });
  }
  return { file, passages: await loadCorpus(file), vectors: await loadVectorSet(vectorsFolder), encoder };
}

interface CohortOptions extends Pick<OpenedSet, "candidates" | "scores"> {
  readonly cohort: ChosenCohort;
}

function cohortOf(
  { queries, qrels }: EvaluationSet,
  { cohort, candidates, scores }: CohortOptions,
): EvaluationSet["queries"] {
  const { signals } = COHORTS[cohort.name];
  const isIn = (id: string): boolean =>
    candidates.run.has(id) && qrels.has(id) && signals.every((signal) => scores.get(signal)?.has(id) === true);
  return queries
    .filter(({ id }) => isIn(id))
    .toSorted((a, b) => hashFraction(a.id) - hashFraction(b.id))
    .slice(0, cohort.questions);
}

/** Empty when the set has no labels yet. */
async function readLabels(
  name: string,
  { workshop, corpusIds }: { readonly workshop: Workshop; readonly corpusIds: ReadonlySet<string> },
): Promise<ScoresBySignal> {
  const file = ["jsonl.gz", "jsonl"]
    .map((ending) => path.join(workshop.labels, `${name}.${ending}`))
    .find((candidate) => existsSync(candidate));
  if (file === undefined) {
    workshop.log(`${name}: no labels in ${workshop.labels}`);
    return new Map();
  }
  try {
    return await readScores({ files: [file], corpusIds });
  } catch (error) {
    if (error instanceof AppError && error.message.includes("no score to use")) {
      return new Map(); // a file that was just begun
    }
    throw error;
  }
}

interface MinePaths {
  readonly folder: string;
  readonly vectorsFolder: string;
  readonly output: string;
}

async function mine({ folder, vectorsFolder, output }: MinePaths, workshop: Workshop): Promise<void> {
  const { encoderFolder, limit, work, log, progress, signal } = workshop;
  await mineCommand.execute(
    {
      data: folder,
      split: "train",
      limit,
      encoder: encoderFolder,
      maxLength: PASSAGE_TOKENS,
      vectors: vectorsFolder,
      cache: path.join(work, "cache"),
      output,
    },
    { print: log, log, progress, signal, env: {} },
  );
}
