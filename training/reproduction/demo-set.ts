// From scripts: the demo is the one collection with passages, vectors and questions in this repository.
import { writeDemoCorpus } from "../../scripts/demo-corpus/demo-data.ts";
import { writeDemoQuestions } from "../../scripts/example-adapter/write-questions.ts";

/** Makes the demo's passages and its judged questions in `folder`, in BEIR layout: the same bytes on every machine. */
export async function makeDemoSet(folder: string): Promise<void> {
  const corpus = await writeDemoCorpus(folder);
  await writeDemoQuestions(corpus.file, folder);
}
