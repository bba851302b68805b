import { existsSync } from "node:fs";
import path from "node:path";
import { hashFraction } from "../../../training/artifacts/hash-split.ts";
import { sha256File } from "../../../training/artifacts/meta.ts";
import { loadPlainTexts } from "../../../training/artifacts/plain-texts.ts";
import { writeTrainingExamples } from "../../../training/artifacts/training-examples.ts";
import type { TrainingExample } from "../../../training/artifacts/training-examples.ts";
import { loadVectorSet } from "../../../training/artifacts/vector-set.ts";
import type { VectorSet } from "../../../training/artifacts/vector-set.ts";
import { loadEncoder } from "../../../training/encoder/load-encoder.ts";
import type { FoundRow } from "../../../training/eval/exact-search.ts";
import { ProductSearch } from "../../../training/eval/product-search.ts";
import { encodeQueries } from "../../../training/trainer/modes/frozen-passages.ts";
import { train } from "../../../training/trainer/train.ts";
import { resolveTrainingOptions } from "../../../training/trainer/training-options.ts";
import type { GivenTrainingOptions } from "../../../training/trainer/training-options.ts";
import type { DistillTinyOptions } from "./distill-tiny.ts";
import { joinVectors } from "./join-vectors.ts";

export interface MatchRankingsOptions extends Pick<
  DistillTinyOptions,
  "encoder" | "work" | "passageTokens" | "threads" | "cache" | "progress" | "log" | "signal"
> {
  /** Folder of the small encoder, fp32. */
  readonly tiny: string;
  /** Plain texts that stand for questions. */
  readonly texts: string;
  /** Of them at most, the first by a hash. */
  readonly count: number;
  /** Folders of the full encoder's passage vectors; all of their passages are ranked together. */
  readonly vectors: readonly string[];
  readonly epochs: number;
  readonly learningRate: number;
}

/** Passages whose similarities are matched, the full encoder's best for a text. */
const DEPTH = 24;
/** Queries searched at once. */
const SEARCH_BATCH = 512;
/** Of both softmaxes: the full encoder's similarities lie within some hundredths of each other at the top. */
const TEMPERATURE = 0.05;

/**
 * The contrastive stage: the small encoder learns to rank the full one's best passages of each text as that one does (KL of the
 * softmaxes over their similarities), and to keep away from passages of other texts where that one does. Returns the folder of the result.
 */
export async function matchRankings(options: MatchRankingsOptions): Promise<string> {
  const { work, tiny, encoder, epochs, learningRate, passageTokens, threads } = options;
  const [file, vectors] = [path.join(work, "rankings.jsonl"), path.join(work, "passages")];
  if (!existsSync(file)) {
    await joinVectors(options.vectors, vectors);
    await writeRankings(file, { ...options, joined: vectors });
  }
  const output = path.join(work, "ranked");
  const given: GivenTrainingOptions = {
    mode: "query-encoder",
    encoder: tiny,
    train: file,
    vectors,
    loss: "kl-distillation",
    temperature: TEMPERATURE,
    teacherTemperature: TEMPERATURE,
    hardNegatives: "file",
    negatives: DEPTH - 1,
    epochs,
    batchSize: 64,
    learningRate,
    schedule: "cosine",
    maxPassageLength: passageTokens,
    output,
    threads,
  };
  options.log(`rankings of ${encoder} over ${options.vectors.join(", ")}`);
  await train({ ...options, options: resolveTrainingOptions(given, {}), overwrite: false });
  return path.join(output, "encoder");
}

async function writeRankings(file: string, options: MatchRankingsOptions & { readonly joined: string }): Promise<void> {
  const { encoder: folder, texts: from, count, passageTokens, threads } = options;
  const encoder = await loadEncoder(folder, { threads, maxPassageLength: passageTokens });
  const vectors = await loadVectorSet(options.joined);
  const texts = (await loadPlainTexts(from))
    .toSorted((a, b) => hashFraction(a.text, 3) - hashFraction(b.text, 3))
    .slice(0, count);
  const embeddings = await encodeQueries(texts, { ...options, encoder });
  const { similarity } = encoder.manifest;
  const search = await ProductSearch.open({ matrix: vectors.matrix, dims: vectors.facts.dims, similarity, threads });
  const bar = options.progress({ label: "rank", unit: "texts", total: texts.length });
  async function* examples(): AsyncGenerator<TrainingExample> {
    for (let first = 0; first < texts.length; first += SEARCH_BATCH) {
      const found = await search.search(embeddings.slice(first, first + SEARCH_BATCH), DEPTH);
      for (const [index, rows] of found.entries()) {
        const text = texts[first + index]?.text ?? "";
        yield exampleOf(`${first + index}`, text, rankedOf(rows, vectors));
      }
      bar.advance(found.length);
    }
  }
  await writeTrainingExamples(file, {
    examples: examples(),
    inputs: { corpus: vectors.inputs["corpus"] ?? "", queries: await sha256File(from) },
    options: { depth: DEPTH, count },
  });
  bar.finish();
  await search.close();
}

type Ranked = readonly (readonly [id: string, score: number])[];

function rankedOf(rows: readonly FoundRow[], { ids }: VectorSet): Ranked {
  return rows.map(({ index, score }) => [ids[index] ?? "", score]);
}

function exampleOf(queryId: string, query: string, ranked: Ranked): TrainingExample {
  const [best = "", ...others] = ranked.map(([id]) => id);
  return {
    queryId,
    query,
    positives: [{ passageId: best, from: ["full-encoder"] }],
    hardNegatives: others,
    scores: Object.fromEntries(ranked),
  };
}
