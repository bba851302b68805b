import { existsSync } from "node:fs";
import path from "node:path";
import type { Encoder } from "../../../src/encoder/encoder.ts";
import { AppError } from "../../../src/shared/errors.ts";
import { loadCorpus, loadEvaluationSet } from "../../../training/artifacts/beir.ts";
import type { CorpusPassage, EvaluationSet } from "../../../training/artifacts/beir.ts";
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
import { REQUIRED_SIGNALS } from "./conditions.ts";
import { IN_CORPUS_SETS } from "./sets.ts";
import type { InCorpusName } from "./sets.ts";
import { PASSAGE_TOKENS } from "./workshop.ts";
import type { Workshop } from "./workshop.ts";
import { writeQuestions } from "./write-questions.ts";

/** A set with all that its experiments share. */
export interface OpenedSet {
  readonly name: InCorpusName;
  /** BEIR folder whose splits are the parts. */
  readonly folder: string;
  readonly encoder: Encoder;
  readonly vectors: VectorSet;
  readonly vectorsFolder: string;
  readonly corpus: { readonly file: string; readonly sha256: string; readonly passages: readonly CorpusPassage[] };
  readonly candidates: Candidates;
  readonly scores: ScoresBySignal;
  /** Training questions that all compared conditions share: mined, labelled by `REQUIRED_SIGNALS`, and judged. */
  readonly labelled: EvaluationSet;
}

/** Makes what is missing of a set's questions, vectors and candidates, and reads all of it. */
export async function openSet(name: InCorpusName, workshop: Workshop): Promise<OpenedSet> {
  const { data, work, encoderFolder, threads, progress, signal } = workshop;
  const own = path.join(work, name);
  const folder = path.join(own, "questions");
  await writeQuestions({ set: IN_CORPUS_SETS[name], data, output: folder });
  const file = path.join(folder, "corpus.jsonl");
  const encoder = await loadEncoder(encoderFolder, { threads, maxPassageLength: PASSAGE_TOKENS });
  const vectorsFolder = path.join(own, "vectors");
  if (!existsSync(path.join(vectorsFolder, "vectors.meta.json"))) {
    await encodeCorpus({ corpus: file, output: vectorsFolder, encoder, progress, signal });
  }
  const candidatesFolder = path.join(own, "candidates");
  if (!existsSync(path.join(candidatesFolder, "candidates.trec"))) {
    await mine({ folder, vectorsFolder, output: candidatesFolder }, workshop);
  }
  const passages = await loadCorpus(file);
  const corpusIds = new Set(passages.map(({ id }) => id));
  const sha256 = await sha256File(file);
  const candidates = await readCandidates(candidatesFolder, { corpusIds, corpusSha256: sha256 });
  const scores = await readLabels(name, { workshop, corpusIds });
  const train = await loadEvaluationSet(folder, "train");
  const isLabelled = (id: string): boolean =>
    candidates.run.has(id) &&
    train.qrels.has(id) &&
    REQUIRED_SIGNALS.every((required) => scores.size === 0 || scores.get(required)?.has(id) === true);
  return {
    name,
    folder,
    encoder,
    vectors: await loadVectorSet(vectorsFolder),
    vectorsFolder,
    corpus: { file, sha256, passages },
    candidates,
    scores,
    labelled: { queries: train.queries.filter(({ id }) => isLabelled(id)), qrels: train.qrels },
  };
}

/** Empty when the set has no labels yet: then conditions without an LM are compared on all mined questions. */
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
