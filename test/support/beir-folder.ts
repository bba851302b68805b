import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";

/** Files of a BEIR-style folder; a list becomes JSONL, a text stays as it is. */
export interface BeirFiles {
  readonly "corpus.jsonl"?: string | readonly unknown[];
  readonly "queries.jsonl"?: string | readonly unknown[];
  readonly "qrels.tsv"?: string;
  readonly [file: `qrels/${string}.tsv`]: string;
}

/** Three passages and two test queries, each with one relevant passage that shares its words. */
export const SMALL_BEIR: BeirFiles = {
  "corpus.jsonl": [
    { _id: "coast", title: "Canada", text: "Canada has the longest coastline of all countries." },
    { _id: "capital", title: "Burkina Faso", text: "Ouagadougou is the capital of Burkina Faso." },
    { _id: "river", title: "", text: "The Nile flows through Egypt." },
  ],
  "queries.jsonl": [
    { _id: "q1", text: "which country has the longest coastline", split: "test", answers: ["Canada"] },
    { _id: "q2", text: "capital of Burkina Faso", split: "test", answers: ["Ouagadougou"] },
    { _id: "q3", text: "where does the Nile flow", split: "dev", answers: ["Egypt"] },
    { _id: "q4", text: "longest coastline of all countries", split: "dev", answers: ["Canada"] },
  ],
  "qrels.tsv": "query-id\tcorpus-id\tscore\nq1\tcoast\t1\nq2\tcapital\t1\nq3\triver\t1\nq4\tcoast\t1\n",
};

/** Writes the files into an existing folder. */
export async function writeBeirFolder(folder: string, files: BeirFiles): Promise<void> {
  await mkdir(path.join(folder, "qrels"), { recursive: true });
  for (const [name, content] of Object.entries(files)) {
    await writeFile(path.join(folder, name), typeof content === "string" ? content : toJsonl(content));
  }
}

function toJsonl(lines: readonly unknown[] = []): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join("");
}
