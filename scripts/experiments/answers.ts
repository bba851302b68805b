import { createProgress } from "../../training/progress.ts";
import { parseScriptFlags } from "../script-flags.ts";
import { formatRecord, writeRecord } from "./answers/report.ts";
import { runSet } from "./answers/run-set.ts";
import { ANSWER_SETS } from "./answers/sets.ts";
import type { AnswerSetName } from "./answers/sets.ts";

const USAGE = `What a small LM answers with the passages that a retriever finds, for ${Object.keys(ANSWER_SETS).join(", ")}:

  node scripts/experiments/answers.ts --data DIR --encoder DIR --scorer FILE --lm FILE [options]

  --only SET        one or more; default all
  --row NAME=FILE   one or more: a query adapter's file or a query encoder's folder, beside none, bm25, hybrid and base; the one named "human" is
                    what the others are compared with, too
  --parts dev|test  what is measured on; default dev. Records are kept of test only
  --seen FILE       training examples: of test-seen only questions about passages in them
  --scorer FILE     the LM as ONNX, for the log-probability of right answers and letters
  --lm FILE         the LM as GGUF (or ONNX with a key/value cache), for what it says itself
  --questions N     of a part, the first by a hash of their ids; default 500
  --replies N       of these, so many are also answered; default 100
  --development N   questions that the number of passages in a prompt is chosen on; default 100: the smallest within a standard error of the best
  --documents A,B   numbers to choose from; default 1,2,3
  --work DIR        that of in-corpus.ts, with its questions and vectors; what was asked is kept there. Default .aar/in-corpus
  --docs DIR        default docs/experiments/answers
  --threads N       default 1`;

/** See USAGE. Killed at any moment, the same command goes on; run again, it gives the same record without asking. */
async function main(): Promise<void> {
  const { values } = parseScriptFlags(
    {
      options: {
        data: { type: "string" },
        encoder: { type: "string" },
        scorer: { type: "string" },
        lm: { type: "string" },
        only: { type: "string", multiple: true },
        row: { type: "string", multiple: true, default: [] },
        parts: { type: "string", default: "dev" },
        seen: { type: "string" },
        questions: { type: "string", default: "500" },
        replies: { type: "string", default: "100" },
        development: { type: "string", default: "100" },
        documents: { type: "string", default: "1,2,3" },
        work: { type: "string", default: ".aar/in-corpus" },
        docs: { type: "string", default: "docs/experiments/answers" },
        threads: { type: "string", default: "1" },
      },
    },
    USAGE,
  );
  const { data, encoder, scorer, lm, parts, seen, work, docs, row: rows } = values;
  const known = Object.keys(ANSWER_SETS) as AnswerSetName[]; // Object.keys forgets the names
  const stray = values.only?.find((name) => !known.some((set) => set === name));
  const isComplete = data !== undefined && encoder !== undefined && scorer !== undefined && lm !== undefined;
  if (!isComplete || stray !== undefined || (parts !== "dev" && parts !== "test")) {
    throw new Error(stray === undefined ? USAGE : `no set "${stray}"\n\n${USAGE}`);
  }
  for (const set of known.filter((name) => values.only?.includes(name) ?? true)) {
    const record = await runSet(set, {
      data,
      encoder,
      scorer,
      lm,
      rows,
      parts,
      seen,
      work,
      questions: Number(values.questions),
      replies: Number(values.replies),
      development: Number(values.development),
      documents: values.documents.split(",").map(Number),
      threads: Number(values.threads),
      progress: (options) => createProgress({ ...options, stream: process.stderr }),
      signal: new AbortController().signal,
    });
    if (parts === "test") {
      await writeRecord(docs, record);
    }
    process.stdout.write(`${formatRecord(record)}\n\n`);
  }
}

await main();
