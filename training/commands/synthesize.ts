import path from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../artifacts/atomic-file.ts";
import { loadCorpus } from "../artifacts/beir.ts";
import type { CorpusPassage } from "../artifacts/beir.ts";
import { hashFraction } from "../artifacts/hash-split.ts";
import { toJsonl } from "../artifacts/jsonl.ts";
import { linkCorpus } from "../artifacts/link-corpus.ts";
import { sha256File, writeMeta } from "../artifacts/meta.ts";
import { defineCommand } from "../define-command.ts";
import { joinLegs, retrieveLegs } from "../eval/retrieve-legs.ts";
import { readFusion } from "../indexing/fusion-setting.ts";
import { askQuestions, DEFAULT_INSTRUCTION } from "../synthesis/ask-questions.ts";
import type { AskedQuestion } from "../synthesis/ask-questions.ts";
import { questionOf } from "../synthesis/question-reply.ts";
import { roundTrip } from "../synthesis/round-trip.ts";
import type { SyntheticQuestion } from "../synthesis/round-trip.ts";
import { answerLmFlags, isServer, openAnswerLm } from "./answer-lm-flags.ts";
import { corpusFile, corpusFlag } from "./corpus-flag.ts";
import { openEncoder } from "./encoder-flags.ts";
import { LEG_DEPTH, retrievalFlags } from "./retrieval-flags.ts";

const SYNTHETIC_VERSION = 1;

const { topK: _topK, ...searchFlags } = retrievalFlags;

const options = z.strictObject({
  corpus: corpusFlag,
  output: z
    .string()
    .meta({ placeholder: "dir", description: "folder for queries.jsonl, qrels.tsv and a link to the corpus" }),
  passages: z
    .int()
    .min(1)
    .default(500)
    .meta({ description: "passages to ask about, by a hash of their ids: fewer are a part of more" }),
  minWords: z.int().min(0).default(20).meta({ description: "shorter passages are not asked about" }),
  instruction: z
    .string()
    .min(1)
    .default(DEFAULT_INSTRUCTION)
    .meta({ placeholder: "text", description: "put behind the passage" }),
  keepRank: z
    .int()
    .min(1)
    .max(LEG_DEPTH)
    .default(3)
    .meta({ description: "keep questions whose passage is among the first so many" }),
  seed: z.int().min(0).default(0).meta({ description: "of the choice of passages" }),
  ...answerLmFlags,
  ...searchFlags,
});
type Options = z.output<typeof options>;

/** `aar synthesize`: see the description below. */
export const synthesizeCommand = defineCommand({
  summary: "questions for passages by an LM, kept when their own passage comes back first",
  description: `For a corpus without a query log: an LM writes a question for each passage, and those are kept whose own passage the first
stage finds among its first --keep-rank (round-trip filter). The folder it writes has split train and works with \`mine\`. Replies go
to a journal as they come: the same command resumes, and a larger --passages adds to what is there. Prints what became of all.`,
  examples: [
    "synthesize --corpus my-docs --output runs/synthetic --lm http://localhost:8080/v1 --model local --passages 1000",
    "mine --data runs/synthetic --output runs/candidates",
  ],
  options,
  async run(given, { print, log, progress, signal, env }) {
    const fusion = await readFusion(given.fusion);
    const file = corpusFile(given.corpus);
    const passages = await loadCorpus(file, log);
    const chosen = choosePassages(passages, given);
    const lm = await openAnswerLm(given, env);
    const journalFile = path.join(given.output, "replies.jsonl");
    const concurrency = isServer(given.lm) ? given.concurrency : 1; // a local LM has one sequence
    const asked = await thenClose(
      askQuestions({
        ...given,
        concurrency,
        passages: chosen,
        lm,
        journalFile,
        progress,
        signal,
      }),
      lm,
    );
    const { questions, problems } = toQuestions(asked);
    const legs = await retrieveLegs({
      mode: given.mode,
      corpusFile: file,
      passages,
      queries: questions,
      depth: LEG_DEPTH,
      loadEncoder: (runtime) => openEncoder(given, runtime),
      runtime: given.runtime,
      vectors: given.vectors,
      cache: given.cache,
      progress,
      signal,
    });
    const run = joinLegs(legs, { mode: given.mode, fusion, topK: LEG_DEPTH });
    const { kept, ranks } = roundTrip(questions, run, given.keepRank);
    const lines = kept.map(({ id, text }) => ({ _id: id, text, split: "train" }));
    const output = path.join(given.output, "queries.jsonl");
    await writeFileAtomic(output, toJsonl(lines));
    const judgments = kept.map(({ id, passageId }) => `${id}\t${passageId}\t1\n`);
    await writeFileAtomic(path.join(given.output, "qrels.tsv"), ["query-id\tcorpus-id\tscore\n", ...judgments]);
    await linkCorpus(file, given.output);
    const tokens = asked.reduce((sum, reply) => sum + reply.tokens, 0);
    const facts = {
      lm: lm.name,
      asked: asked.length,
      tokens,
      ...problems,
      questions: questions.length,
      ranks,
      kept: kept.length,
    };
    await writeMeta(output, {
      stage: "synthesize",
      schemaVersion: SYNTHETIC_VERSION,
      options: given,
      inputs: {
        corpus: await sha256File(file),
        ...(legs.encoder === undefined ? {} : { encoder: legs.encoder.fingerprint }),
      },
      facts,
    });
    print(JSON.stringify({ output: given.output, ...facts }, undefined, 2));
  },
});

function choosePassages(
  passages: readonly CorpusPassage[],
  { minWords, passages: count, seed }: Options,
): CorpusPassage[] {
  return passages
    .filter(({ text }) => text.split(/\s+/u).length >= minWords)
    .map((passage) => ({ passage, fraction: hashFraction(passage.id, seed) }))
    .toSorted((a, b) => a.fraction - b.fraction)
    .slice(0, count)
    .map(({ passage }) => passage);
}

/** A question written twice points at two passages and so at neither: both are left out. */
function toQuestions(asked: readonly AskedQuestion[]) {
  const problems = { empty: 0, "no-question": 0, "too-long": 0, "points-at-text": 0, duplicate: 0 };
  const written: SyntheticQuestion[] = [];
  const counts = new Map<string, number>();
  for (const { passageId, reply } of asked) {
    const outcome = questionOf(reply);
    if ("problem" in outcome) {
      problems[outcome.problem]++;
      continue;
    }
    const key = outcome.question.toLowerCase();
    counts.set(key, (counts.get(key) ?? 0) + 1);
    written.push({ id: `synthetic-${passageId}`, text: outcome.question, passageId });
  }
  const questions = written.filter(({ text }) => counts.get(text.toLowerCase()) === 1);
  problems.duplicate = written.length - questions.length;
  return { questions, problems };
}

/** A local LM holds memory and threads: it is released however the work ended. */
async function thenClose<T>(work: Promise<T>, lm: { readonly close?: () => Promise<void> }): Promise<T> {
  try {
    return await work;
  } finally {
    await lm.close?.();
  }
}
