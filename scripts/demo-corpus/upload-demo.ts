import { readCorpus } from "../../training/artifacts/beir.ts";
import { loadVectorSet, vectorAt } from "../../training/artifacts/vector-set.ts";
import type { VectorSet } from "../../training/artifacts/vector-set.ts";
import { uploadCollection } from "../../training/indexing/upload-collection.ts";
import type { EncodedPassage, UploadResult } from "../../training/indexing/upload-collection.ts";
import type { Progress, ProgressOptions } from "../../training/progress.ts";
import { DEMO_COLLECTION, DEMO_VECTORS } from "./demo-data.ts";

/** The Worker takes 500 at most; fewer requests are faster. */
const PASSAGES_PER_REQUEST = 500;

export interface UploadDemoOptions {
  /** Base URL of the Worker. */
  readonly url: string;
  /** The Worker's secret `ADMIN_KEY`; a local Worker may have none. */
  readonly adminKey?: string | undefined;
  /** The `corpus.jsonl` that the committed vectors belong to. */
  readonly corpus: string;
  /** File that remembers what was uploaded: the next upload has nothing to do. Belongs beside the Worker's storage. */
  readonly receipt?: string;
  readonly progress?: (options: ProgressOptions) => Progress;
  readonly signal?: AbortSignal;
}

/** Uploads the demo collection the way every collection is uploaded. Passages of an older demo do not stay. */
export async function uploadDemo(options: UploadDemoOptions): Promise<UploadResult> {
  const vectors = await loadVectorSet(DEMO_VECTORS);
  const result = await uploadVectors(vectors, options);
  if (result.passageCount === vectors.facts.count) {
    return result;
  }
  const response = await fetch(`${options.url}/v1/admin/collections/${DEMO_COLLECTION}`, {
    method: "DELETE",
    headers: options.adminKey === undefined ? {} : { authorization: `Bearer ${options.adminKey}` },
  });
  if (!response.ok) {
    throw new Error(`the outdated demo collection could not be deleted: ${await response.text()}`);
  }
  return await uploadVectors(vectors, options);
}

async function uploadVectors(
  vectors: VectorSet,
  { url, adminKey, corpus, receipt, progress = () => SILENT, signal = new AbortController().signal }: UploadDemoOptions,
): Promise<UploadResult> {
  const { encoderFingerprint, encoderName, dims, similarity, count } = vectors.facts;
  return await uploadCollection({
    url,
    adminKey,
    collection: { name: DEMO_COLLECTION, encoderFingerprint, encoderName, dims, similarity },
    passages: encodedPassages(corpus, vectors),
    count,
    batchSize: PASSAGES_PER_REQUEST,
    receipt,
    progress,
    signal,
  });
}

const SILENT: Progress = { advance: () => undefined, finish: () => undefined };

async function* encodedPassages(corpus: string, vectors: VectorSet): AsyncGenerator<EncodedPassage> {
  let index = 0;
  for await (const passage of readCorpus(corpus)) {
    if (vectors.ids[index] !== passage.id) {
      throw new Error(`${corpus} is not the corpus of the demo's vectors; run npm run build:demo`);
    }
    yield { ...passage, vector: vectorAt(vectors, index) };
    index++;
  }
}
