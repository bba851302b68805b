import { vectorIdOf } from "../../src/ingestion/vector-id.ts";
import { AppError, toAppError } from "../../src/shared/errors.ts";
import { serializeMetadata } from "../../src/vector-index/metadata.ts";
import type { CorpusPassage } from "../artifacts/beir.ts";
import { writeParts } from "./write-parts.ts";
import type { Part } from "./write-parts.ts";

/** wrangler stops after 100,000 records of a file; half of it leaves room and keeps a failed run cheap. */
const MAX_VECTORS_PER_PART = 50_000;
/** Vectorize takes uploads of up to 100 MB. */
const MAX_PART_BYTES = 90 * 1000 * 1000;
/** A float32 read back from this many digits is the same float32. */
const FLOAT32_DIGITS = 9;

export interface VectorizePartsOptions {
  readonly folder: string;
  /** Becomes the namespace of every vector. */
  readonly collection: string;
  readonly passages: Iterable<CorpusPassage & { readonly vector: Float32Array }>;
}

/** NDJSON for `wrangler vectorize upsert INDEX --file PART`: the records that the Worker itself would upsert. */
export async function writeVectorizeParts({ folder, collection, passages }: VectorizePartsOptions): Promise<Part[]> {
  return await writeParts(toLines(collection, passages), {
    folder,
    stem: "vectors",
    extension: "ndjson",
    maxPieces: MAX_VECTORS_PER_PART,
    maxBytes: MAX_PART_BYTES,
  });
}

async function* toLines(collection: string, passages: VectorizePartsOptions["passages"]): AsyncGenerator<string> {
  for (const { id, metadata, vector } of passages) {
    checkMetadata(id, metadata);
    const record = {
      id: await vectorIdOf(collection, id),
      values: Array.from(vector, (value) => Number(value.toPrecision(FLOAT32_DIGITS))),
      namespace: collection,
      ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
    };
    yield `${JSON.stringify(record)}\n`;
  }
}

function checkMetadata(id: string, metadata: CorpusPassage["metadata"]): void {
  try {
    serializeMetadata(id, metadata);
  } catch (error) {
    throw new AppError("invalid_artifact", `passage "${id}": ${toAppError(error).message}`, { cause: error });
  }
}
