import { mkdir } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../../artifacts/atomic-file.ts";
import { readAllQrels } from "../../artifacts/beir.ts";
import { hashFraction } from "../../artifacts/hash-split.ts";
import { readJsonl, toJsonl } from "../../artifacts/jsonl.ts";
import { linkCorpus } from "../../artifacts/link-corpus.ts";
import { cutQuestions } from "./cut-questions.ts";
import { IN_CORPUS_PARTS } from "./sets.ts";
import type { InCorpusPart, InCorpusSet } from "./sets.ts";

const lineSchema = z.looseObject({
  _id: z.coerce.string(),
  text: z.string(),
  split: z.string().optional(),
  set: z.string().optional(),
});

export interface WriteQuestionsOptions {
  readonly set: InCorpusSet;
  /** Folder with the data sets. */
  readonly data: string;
  readonly output: string;
}

/**
 * Makes a folder in BEIR layout whose `split` says the part, and `train-queries.txt` and `dev-queries.txt`: ids of what may be labelled, in
 * the order of their hashes, in which `aar mine --limit` takes them too, so that any beginning is a random sample.
 */
export async function writeQuestions({
  set,
  data,
  output,
}: WriteQuestionsOptions): Promise<Readonly<Record<InCorpusPart, number>>> {
  const folder = path.join(data, set.folder);
  const all = await Array.fromAsync(readJsonl(path.join(folder, "queries.jsonl"), lineSchema), ({ value }) => value);
  const lines = all.filter((line) => set.set === undefined || line.set === set.set);
  const qrels = await readAllQrels(folder);
  const queries = lines.map(({ _id: id, text, split, set: of }) => ({ id, text, split, set: of }));
  const parts = cutQuestions({ cut: set.cut, queries, qrels });
  const kept = lines.flatMap((line) => {
    const split = parts.get(line._id);
    return split === undefined ? [] : [{ ...line, split }];
  });
  await mkdir(output, { recursive: true });
  await linkCorpus(path.join(folder, "corpus.jsonl"), output);
  await writeFileAtomic(path.join(output, "queries.jsonl"), toJsonl(kept));
  const judgments = kept.flatMap(({ _id: id, split }) =>
    [...(qrels.get(id) ?? [])]
      .filter(([, grade]) => grade >= minGradeOf(set, split))
      .map(([passageId, grade]) => `${id}\t${passageId}\t${grade}\n`),
  );
  await writeFileAtomic(path.join(output, "qrels.tsv"), ["query-id\tcorpus-id\tscore\n", ...judgments]);
  const idsOf = (isWanted: (part: InCorpusPart) => boolean): string[] =>
    kept.filter(({ split }) => isWanted(split)).map(({ _id: id }) => id);
  await writeFileAtomic(path.join(output, "train-queries.txt"), inHashOrder(idsOf((part) => part === "train")));
  await writeFileAtomic(path.join(output, "dev-queries.txt"), inHashOrder(idsOf((part) => part.startsWith("dev-"))));
  return Object.fromEntries(
    IN_CORPUS_PARTS.map((part) => [part, idsOf((of) => of === part).length] as const),
  ) as Record<InCorpusPart, number>; // fromEntries forgets the names
}

function inHashOrder(ids: readonly string[]): string[] {
  return ids.toSorted((a, b) => hashFraction(a) - hashFraction(b)).map((id) => `${id}\n`);
}

function minGradeOf({ cut }: InCorpusSet, part: InCorpusPart): number {
  const source = cut !== "by-passage" && "bySet" in cut ? cut.bySet.find((one) => one.part === part) : undefined;
  return source?.minGrade ?? 0;
}
