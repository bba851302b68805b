import path from "node:path";
import type { Encoder } from "../../../src/encoder/encoder.ts";
import { loadCorpus } from "../../../training/artifacts/beir.ts";
import type { EvaluationSet } from "../../../training/artifacts/beir.ts";
import { hashFraction } from "../../../training/artifacts/hash-split.ts";
import type { VectorSet } from "../../../training/artifacts/vector-set.ts";
import { packRows, takeRows } from "../../../training/trainer/vector-rows.ts";
import type { Workshop } from "./workshop.ts";

/** Passages that questions are searched in. */
export type Searched = Pick<VectorSet, "facts" | "ids" | "matrix">;

const PASSAGES_PER_CALL = 64;

/** Rows of the corpus to search where encoding all of it anew would take too long: those that the test is about, others by hash. */
export function testPool({ ids }: VectorSet, { queries, qrels }: EvaluationSet, size: number): readonly number[] {
  const judged = new Set(queries.flatMap(({ id }) => [...(qrels.get(id)?.keys() ?? [])]));
  const rank = (id: string): number => (judged.has(id) ? -1 : hashFraction(id));
  const order = ids.map((id, row) => ({ row, rank: rank(id) })).toSorted((a, b) => a.rank - b.rank);
  return order.slice(0, Math.max(size, judged.size)).map(({ row }) => row);
}

/** A part of a vector set, or of the same passages with other vectors. */
export function pickRows({ facts, ids, matrix }: VectorSet, rows: readonly number[], vectors?: Float32Array): Searched {
  const own = takeRows({ matrix, dims: facts.dims }, rows).matrix;
  return { facts, ids: rows.map((row) => ids[row] ?? ""), matrix: vectors ?? own };
}

export interface EncodeRowsOptions {
  readonly encoder: Encoder;
  readonly vectors: VectorSet;
  readonly rows: readonly number[];
  readonly dataSet: string;
  readonly workshop: Workshop;
}

/** Vectors of some passages by an encoder, row-major. */
export async function encodeRows({
  encoder,
  vectors,
  rows,
  dataSet,
  workshop,
}: EncodeRowsOptions): Promise<Float32Array> {
  const passages = await loadCorpus(path.join(dataSet, "corpus.jsonl"));
  const corpus = new Map(passages.map((passage) => [passage.id, passage]));
  const texts = rows.flatMap((row) => corpus.get(vectors.ids[row] ?? "") ?? []);
  const progress = workshop.progress({ label: "encode", unit: "passages", total: texts.length });
  const encoded: Float32Array[] = [];
  for (let start = 0; start < texts.length; start += PASSAGES_PER_CALL) {
    const { embeddings } = await encoder.encodePassages(texts.slice(start, start + PASSAGES_PER_CALL));
    encoded.push(...embeddings);
    progress.advance(embeddings.length);
  }
  progress.finish();
  return packRows(encoded, vectors.facts.dims).matrix;
}
