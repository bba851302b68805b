import path from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../artifacts/atomic-file.ts";
import { toJsonl } from "../artifacts/jsonl.ts";
import { linkCorpus } from "../artifacts/link-corpus.ts";
import { writeMeta } from "../artifacts/meta.ts";
import { defineCommand } from "../define-command.ts";
import { feedbackQuestions } from "../feedback/feedback-questions.ts";
import type { FeedbackQuestion } from "../feedback/feedback-questions.ts";
import type { AdminClient } from "../indexing/admin-client.ts";
import { corpusFile } from "./corpus-flag.ts";
import { openAdminClient, workerFlags } from "./worker-flags.ts";

/** The most that the Worker gives at once. */
const PAGE = 500;

/** Raised when the files of the folder change. */
const FEEDBACK_VERSION = 1;

const pageSchema = z.looseObject({
  data: z.array(
    z.looseObject({
      id: z.int(),
      query: z.string(),
      passages: z.array(z.looseObject({ id: z.string(), grade: z.number().optional(), cited: z.boolean().optional() })),
      answer: z.looseObject({ rating: z.enum(["up", "down"]).optional(), text: z.string().optional() }),
    }),
  ),
});
type Entry = z.output<typeof pageSchema>["data"][number];

/** `aar feedback`: see the description below and `feedbackQuestions`. */
export const feedbackCommand = defineCommand({
  summary: "what readers said of passages and answers -> queries.jsonl and qrels.tsv for the next adaptation",
  description: `Reads a collection's feedback (\`POST /v1/feedback\`) and writes a folder in BEIR layout, split train: one question for all feedback on
the same words, the grades that passages got (or 1 for those that an approved answer cited), approved answers as answers. With
--corpus the folder has the corpus too and is what \`mine\`, \`score\`, \`build\` and \`adapt\` take. The key is read from the
environment variable AAR_ADMIN_KEY.`,
  examples: ["feedback export --url http://localhost:8787 --collection docs --corpus my-docs --output .aar/feedback"],
  options: z.strictObject({
    action: z.enum(["export"]).default("export").meta({ placeholder: "action", description: "also as a plain word" }),
    ...workerFlags,
    corpus: z
      .string()
      .optional()
      .meta({ placeholder: "path", description: "corpus.jsonl or its folder, to link into the output" }),
    output: z.string().meta({ placeholder: "dir", description: "folder for queries.jsonl and qrels.tsv" }),
  }),
  argument: "action",
  async run({ url, collection, corpus, output }, { print, env, signal }) {
    const entries = await readFeedback(openAdminClient(url, { env, signal }), collection);
    const questions = feedbackQuestions(entries);
    const queriesFile = path.join(output, "queries.jsonl");
    await writeFileAtomic(queriesFile, toJsonl(questions.map(queryLine)));
    await writeFileAtomic(path.join(output, "qrels.tsv"), qrelsLines(questions));
    if (corpus !== undefined) {
      await linkCorpus(corpusFile(corpus), output);
    }
    const facts = {
      feedback: entries.length,
      questions: questions.length,
      judged: questions.filter(({ grades }) => grades.size > 0).length,
      withAnswers: questions.filter(({ answers }) => answers.length > 0).length,
    };
    const lastId = entries.at(-1)?.id ?? 0;
    await writeMeta(queriesFile, {
      stage: "feedback",
      schemaVersion: FEEDBACK_VERSION,
      options: { url, collection },
      inputs: {},
      facts: { ...facts, lastId },
    });
    print(JSON.stringify({ output, ...facts }, undefined, 2));
  },
});

async function readFeedback(client: AdminClient, collection: string): Promise<Entry[]> {
  const entries: Entry[] = [];
  for (;;) {
    const after = entries.at(-1)?.id ?? 0;
    const path = `/v1/admin/collections/${encodeURIComponent(collection)}/feedback?after=${after}&limit=${PAGE}`;
    const { data } = await client.send({ method: "GET", path, schema: pageSchema });
    entries.push(...data);
    if (data.length < PAGE) {
      return entries;
    }
  }
}

function queryLine({ id, text, answers }: FeedbackQuestion): object {
  return { _id: id, text, ...(answers.length === 0 ? {} : { answers }), split: "train" };
}

function* qrelsLines(questions: readonly FeedbackQuestion[]): Generator<string> {
  yield "query-id\tcorpus-id\tscore\n";
  for (const { id, grades } of questions) {
    for (const [passageId, grade] of grades) {
      yield `${id}\t${passageId}\t${grade}\n`;
    }
  }
}
