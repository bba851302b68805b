import path from "node:path";
import type { Encoder } from "../../../src/encoder/encoder.ts";
import type { EvaluationSet } from "../../../training/artifacts/beir.ts";
import { sha256File } from "../../../training/artifacts/meta.ts";
import { writeTrainingExamples } from "../../../training/artifacts/training-examples.ts";
import type { TrainingExample } from "../../../training/artifacts/training-examples.ts";
import type { VectorSet } from "../../../training/artifacts/vector-set.ts";
import { cachedQueryVectors } from "../../../training/eval/cached-encodings.ts";
import { ProductSearch } from "../../../training/eval/product-search.ts";
import type { ExperimentQuestions } from "./questions.ts";
import type { Workshop } from "./workshop.ts";

/** Hard negatives come from the base's first so many passages. */
const DEPTH = 50;

export interface TrainingFiles {
  readonly train: string;
  readonly dev: string;
}

export interface WriteTrainingFilesOptions extends Workshop {
  readonly folder: string;
  readonly dataSet: string;
  readonly questions: ExperimentQuestions;
  readonly vectors: VectorSet;
  readonly encoder: Encoder;
}

/** `train.jsonl` and `dev.jsonl` with the human positives, and the base's first passages less these as hard negatives. */
export async function writeTrainingFiles(options: WriteTrainingFilesOptions): Promise<TrainingFiles> {
  const { folder, dataSet, questions, vectors, threads } = options;
  const { matrix, facts } = vectors;
  const search = await ProductSearch.open({ matrix, dims: facts.dims, similarity: facts.similarity, threads });
  const inputs = {
    corpus: await sha256File(path.join(dataSet, "corpus.jsonl")),
    queries: await sha256File(path.join(dataSet, "queries.jsonl")),
  };
  const write = async (name: "train" | "dev"): Promise<string> => {
    const file = path.join(folder, `${name}.jsonl`);
    const examples = await toExamples(questions[name], { ...options, search });
    await writeTrainingExamples(file, { examples, inputs, options: { depth: DEPTH } });
    return file;
  };
  const files = { train: await write("train"), dev: await write("dev") };
  await search.close();
  return files;
}

async function toExamples(
  { queries, qrels }: EvaluationSet,
  { search, vectors, encoder, cache, progress, signal }: WriteTrainingFilesOptions & { readonly search: ProductSearch },
): Promise<TrainingExample[]> {
  const queryVectors = await cachedQueryVectors(queries, { encoder, runtime: "node", cache, progress, signal });
  const found = await search.search(queryVectors, DEPTH);
  return queries.map(({ id, text }, index) => {
    const positives = [...(qrels.get(id) ?? [])].filter(([, grade]) => grade > 0).map(([passageId]) => passageId);
    const isPositive = new Set(positives);
    const first = (found[index] ?? []).map(({ index: row }) => vectors.ids[row] ?? "");
    return {
      queryId: id,
      query: text,
      positives: positives.map((passageId) => ({ passageId, from: ["human"] })),
      hardNegatives: first.filter((passageId) => !isPositive.has(passageId)),
    };
  });
}
