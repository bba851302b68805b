import path from "node:path";
import { writeFileAtomic } from "../../training/artifacts/atomic-file.ts";
import { toJsonl } from "../../training/artifacts/jsonl.ts";
import { linkCorpus } from "../../training/artifacts/link-corpus.ts";
import { demoPassages } from "../demo-corpus/demo-data.ts";
import { makeDemoQuestions } from "./demo-questions.ts";

/** Writes the questions beside a link to the demo's `corpus.jsonl`: a folder in BEIR layout that every command takes. */
export async function writeDemoQuestions(corpusFile: string, folder: string): Promise<void> {
  const questions = makeDemoQuestions(demoPassages());
  const lines = questions.map(({ id, text, split }) => ({ _id: id, text, split }));
  await writeFileAtomic(path.join(folder, "queries.jsonl"), toJsonl(lines));
  const judgments = questions.flatMap(({ id, passageIds }) => passageIds.map((passage) => `${id}\t${passage}\t1\n`));
  await writeFileAtomic(path.join(folder, "qrels.tsv"), ["query-id\tcorpus-id\tscore\n", ...judgments]);
  await linkCorpus(corpusFile, folder);
}
