import path from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../artifacts/atomic-file.ts";
import { loadCorpus } from "../artifacts/beir.ts";
import type { EvaluationSet } from "../artifacts/beir.ts";
import { sha256File, writeMeta } from "../artifacts/meta.ts";
import { checkTrecIds, toTrecRun } from "../artifacts/trec.ts";
import type { Run } from "../artifacts/trec.ts";
import { defineCommand } from "../define-command.ts";
import { joinLegs, retrieveLegs } from "../eval/retrieve-legs.ts";
import type { RetrievedLegs } from "../eval/retrieve-legs.ts";
import { formatFusion, readFusion } from "../indexing/fusion-setting.ts";
import { countFoundPositives } from "../mining/found-positives.ts";
import { loadQuestions } from "../mining/load-questions.ts";
import { newPairs } from "../mining/new-pairs.ts";
import { similaritiesOf } from "../mining/similarities.ts";
import { readScores } from "../preferences/signal-scores.ts";
import { openEncoder } from "./encoder-flags.ts";
import { questionFlags } from "./question-flags.ts";
import { LEG_DEPTH, retrievalFlags } from "./retrieval-flags.ts";

/** Raised when the files of the folder change. */
const CANDIDATES_VERSION = 1;

const { topK: _topK, ...searchFlags } = retrievalFlags;

const options = z.strictObject({
  ...questionFlags,
  output: z.string().meta({ placeholder: "dir", description: "folder for candidates.trec and its companions" }),
  ...searchFlags,
  depth: z.int().min(1).max(1000).default(100).meta({ description: "candidates of each question" }),
  refresh: z.array(z.string()).default([]).meta({
    placeholder: "files",
    description: "a further round: write new-pairs.trec, the pairs that these score files lack",
  }),
  signal: z
    .string()
    .optional()
    .meta({ placeholder: "name", description: "with --refresh: the signal that counts; default any" }),
  scoreDepth: z
    .int()
    .min(1)
    .max(100)
    .default(10)
    .meta({ description: "with --refresh: candidates of each question that the source LM scores" }),
});
type Options = z.output<typeof options>;

/** `aar mine`: see the description below. */
export const mineCommand = defineCommand({
  summary: "first-stage candidates of training questions, as a TREC run",
  description: `Exact search over all passages by the encoder (--mode dense), by full text (lexical) or by both (hybrid, the default: more
relevant passages among the first ten, so better labels). Writes candidates.trec, its .meta.json (encoder, depth, hashes, where the
judged passages were found) and, with an encoder, similarities.trec: its similarity for every candidate and every judged passage,
on which \`build\` measures the margins of hard negatives.

A split named test… and what --held-out lists are refused. With --refresh FILES (ANCE-style rounds: mine again with the adapted
encoder) also new-pairs.trec: candidates among the first --score-depth that no file has scored yet, for \`score\`.`,
  examples: [
    "mine --data my-docs --split train --output runs/candidates",
    "mine --data my-docs --split train --output runs/base --mode dense --vectors .aar/my-docs --limit 500",
    "mine --data my-docs --output runs/round-2 --encoder adapted --vectors .aar/my-docs --refresh lm-scores.jsonl",
  ],
  options,
  async run(given, { print, log, progress, signal }) {
    const fusion = await readFusion(given.fusion);
    const corpusFile = path.join(given.data, "corpus.jsonl");
    const passages = await loadCorpus(corpusFile, log);
    const corpusIds = new Set(passages.map(({ id }) => id));
    const { allowTestSplit: allowTest, data: folder } = given;
    const set = await loadQuestions({ ...given, folder, allowTest, purpose: "mining", corpusIds, warn: log });
    checkTrecIds(set.queries, passages);
    const known = await readScores({ files: given.refresh, corpusIds });
    const legs = await retrieveLegs({
      mode: given.mode,
      corpusFile,
      passages,
      queries: set.queries,
      depth: Math.max(LEG_DEPTH, given.depth),
      loadEncoder: (runtime) => openEncoder(given, runtime),
      runtime: given.runtime,
      vectors: given.vectors,
      cache: given.cache,
      progress,
      signal,
    });
    const candidates = joinLegs(legs, { mode: given.mode, fusion, topK: given.depth });
    const facts = await writeCandidates(given, { candidates, set, legs, fusion: formatFusion(fusion), corpusFile });
    const scored = [...known].filter(([name]) => given.signal === undefined || name === given.signal);
    const pairs = newPairs(
      candidates,
      { has: (query, id) => scored.some(([, byQuery]) => byQuery.get(query)?.has(id) === true) },
      given.scoreDepth,
    );
    const fresh = [...pairs.values()].reduce((sum, list) => sum + list.length, 0);
    if (given.refresh.length > 0) {
      await writeFileAtomic(path.join(given.output, "new-pairs.trec"), toTrecRun(pairs, "aar-new"));
      log(`${fresh} pairs of ${pairs.size} questions have no score yet: new-pairs.trec`);
    }
    print(JSON.stringify({ ...facts, ...(given.refresh.length > 0 ? { newPairs: fresh } : {}) }, undefined, 2));
  },
});

interface Mined {
  readonly candidates: Run;
  readonly set: EvaluationSet;
  readonly legs: RetrievedLegs;
  readonly fusion: string;
  readonly corpusFile: string;
}

async function writeCandidates(given: Options, mined: Mined): Promise<Readonly<Record<string, unknown>>> {
  const { candidates, set, legs, fusion, corpusFile } = mined;
  const { encoder, denseScore } = legs;
  const file = path.join(given.output, "candidates.trec");
  await writeFileAtomic(file, toTrecRun(candidates, `aar-${given.mode}`));
  if (denseScore !== undefined) {
    const similarities = similaritiesOf(candidates, set, denseScore);
    await writeFileAtomic(path.join(given.output, "similarities.trec"), toTrecRun(similarities, "aar-similarity"));
  }
  const facts = {
    mode: given.mode,
    ...(given.mode === "hybrid" ? { fusion } : {}),
    ...(encoder === undefined ? {} : { encoder: encoder.manifest.name, encoderFingerprint: encoder.fingerprint }),
    ...(encoder === undefined ? {} : { queryModel: encoder.manifest.model.sha256 }),
    depth: given.depth,
    split: given.split,
    questions: candidates.size,
    withoutCandidates: [...candidates.values()].filter((passages) => passages.length === 0).length,
    positives: countFoundPositives(candidates, set.qrels),
  };
  await writeMeta(file, {
    stage: "mine",
    schemaVersion: CANDIDATES_VERSION,
    options: given,
    inputs: {
      corpus: await sha256File(corpusFile),
      queries: await sha256File(path.join(given.data, "queries.jsonl")),
      ...(encoder === undefined ? {} : { encoder: encoder.fingerprint }),
    },
    facts,
  });
  return { output: given.output, ...facts };
}
