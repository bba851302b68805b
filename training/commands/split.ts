import { mkdir } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../artifacts/atomic-file.ts";
import { readAllQrels } from "../artifacts/beir.ts";
import type { Qrels } from "../artifacts/beir.ts";
import { readJsonl, toJsonl } from "../artifacts/jsonl.ts";
import { linkCorpus } from "../artifacts/link-corpus.ts";
import { sha256File, writeMeta } from "../artifacts/meta.ts";
import { defineCommand, UsageError } from "../define-command.ts";
import { dealQuestions } from "../mining/deal-questions.ts";

const SPLIT_VERSION = 1;

const lineSchema = z.looseObject({ _id: z.coerce.string(), split: z.string().nullish() });
type Line = z.output<typeof lineSchema>;

const options = z.strictObject({
  data: z.string().meta({ placeholder: "dir", description: "BEIR-style folder" }),
  output: z
    .string()
    .meta({ placeholder: "dir", description: "folder for queries.jsonl, qrels.tsv and a link to the corpus" }),
  by: z.enum(["question", "passage"]).default("question").meta({
    placeholder: "what",
    description:
      "question: by a hash of its id; passage: the passage decides first, into train, dev-seen, test-seen and, about passages that training never sees, dev-unseen, test-unseen",
  }),
  shares: z
    .array(z.string())
    .default(["train=0.8", "dev=0.1", "test=0.1"])
    .meta({ placeholder: "list", description: "with --by question: name=share, summing to 1" }),
  from: z
    .string()
    .optional()
    .meta({ placeholder: "name", description: "deal out only this split, the others stay as they are; default: all" }),
  where: z
    .string()
    .optional()
    .meta({ placeholder: "key=value", description: "take only questions with this field: set=squadshifts_wiki" }),
  seed: z.int().min(0).default(0).meta({ description: "of --by question" }),
});

/** `aar split`: see the description below and `dealQuestions`. */
export const splitCommand = defineCommand({
  summary: "cut a set's questions into train, dev and test by hashes, into a folder of their own",
  description: `For sets that have no split to train on, or whose rows all say test: an explicit cut by hashes that never moves a question.
The new folder works with every command; corpus.jsonl is a link to the old one. A test split is not dealt out when the set has
another split (--from names it).`,
  examples: [
    "split --data ../squad --output runs/squad --by passage",
    "split --data ../wiki --where set=nq --from train --shares train=0.9,dev=0.1 --output runs/nq",
  ],
  options,
  async run(given, { print }) {
    const queriesFile = path.join(given.data, "queries.jsonl");
    const wanted = parseWhere(given.where);
    const lines = (await Array.fromAsync(readJsonl(queriesFile, lineSchema), ({ value }) => value)).filter(wanted);
    const all = await readAllQrels(given.data);
    const dealt = dealQuestions({
      ...given,
      questions: lines.map(({ _id: id, split }) => ({ id, split: split ?? undefined })),
      qrels: all,
      shares: parseShares(given.shares),
    });
    const counts = new Map<string, number>();
    for (const split of dealt.values()) {
      counts.set(split, (counts.get(split) ?? 0) + 1);
    }
    await mkdir(given.output, { recursive: true });
    const kept = lines.filter(({ _id: id }) => dealt.has(id));
    const output = path.join(given.output, "queries.jsonl");
    await writeFileAtomic(output, toJsonl(kept.map((line) => ({ ...line, split: dealt.get(line._id) }))));
    await writeFileAtomic(path.join(given.output, "qrels.tsv"), qrelsLines(all, dealt));
    await linkCorpus(path.join(given.data, "corpus.jsonl"), given.output);
    const facts = { questions: kept.length, leftOut: lines.length - kept.length, splits: Object.fromEntries(counts) };
    const inputs = { queries: await sha256File(queriesFile) };
    await writeMeta(output, { stage: "split", schemaVersion: SPLIT_VERSION, options: given, inputs, facts });
    print(JSON.stringify({ output: given.output, ...facts }, undefined, 2));
  },
});

function parseWhere(where: string | undefined): (line: Line) => boolean {
  const [, key, value] = /^([^=]+)=(.*)$/u.exec(where ?? "") ?? [];
  if (where !== undefined && key === undefined) {
    throw new UsageError(`--where ${where}: expected key=value`);
  }
  return (line) => key === undefined || String(line[key]) === value;
}

function parseShares(given: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(
    given.map((entry) => {
      const [name = "", share] = entry.split("=");
      return [name, share === undefined ? Number.NaN : Number(share)];
    }),
  );
}

function* qrelsLines(qrels: Qrels, kept: ReadonlyMap<string, string>): Generator<string> {
  yield "query-id\tcorpus-id\tscore\n";
  for (const [queryId, grades] of qrels) {
    for (const [passageId, grade] of kept.has(queryId) ? grades : []) {
      yield `${queryId}\t${passageId}\t${grade}\n`;
    }
  }
}
