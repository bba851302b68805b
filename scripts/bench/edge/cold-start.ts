import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { loadEncoder } from "../../../training/encoder/load-encoder.ts";
import { applyMigrations } from "../../local-worker/apply-migrations.ts";
import { findFreePort } from "../../local-worker/free-port.ts";
import { startWranglerDev } from "../../local-worker/wrangler-dev.ts";
import { ENCODER_FOLDERS } from "./encoder-folders.ts";
import { median, time } from "./statistics.ts";
import { startWorkerProcess } from "./worker-process.ts";

const COLLECTION = "cold-start";
const STARTS = 3;

/** The Worker's query; the second, warm one differs, so that nothing can be remembered. */
const QUERIES = ["Which country has the longest coastline?", "What is the capital of Burkina Faso?"] as const;

/**
 * Milliseconds from a freshly started workerd that listens to its first `/v1/retrieve` answer (hybrid, over one passage): the
 * encoder is read, checked and made, the index and the database are opened. Beside: the second answer, the first
 * answer of a Worker that does nothing, and reading the ONNX form of the encoder with onnxruntime-web in Node. Medians of three starts.
 */
export async function benchColdStart(): Promise<Record<string, number>> {
  const persistTo = await mkdtemp(path.join(tmpdir(), "aar-cold-start-bench-"));
  try {
    await uploadOnePassage(persistTo);
    const first: number[] = [];
    const second: number[] = [];
    const empty: number[] = [];
    for (let start = 0; start < STARTS; start += 1) {
      const worker = await startWranglerDev({ port: await findFreePort(8950), persistTo });
      first.push(await time(() => retrieve(worker.url, QUERIES[0])));
      second.push(await time(() => retrieve(worker.url, QUERIES[1])));
      await worker.stop();
      const nothing = await startWorkerProcess({ configs: ["scripts/bench/edge/workers/empty.toml"], persistTo });
      empty.push(await time(() => fetch(nothing.origin)));
      await nothing.stop();
    }
    const webEncoderInNode = await time(() => loadEncoder(ENCODER_FOLDERS.onnx, { runtime: "web" }));
    return {
      first_retrieve_ms: median(first),
      second_retrieve_ms: median(second),
      empty_worker_first_answer_ms: median(empty),
      web_encoder_in_node_ms: webEncoderInNode,
      first_retrieve_over_web_encoder_in_node: median(first) / webEncoderInNode,
    };
  } finally {
    await rm(persistTo, { recursive: true, force: true });
  }
}

async function uploadOnePassage(persistTo: string): Promise<void> {
  const encoder = await loadEncoder(ENCODER_FOLDERS.edge);
  const passage = { title: "Canada: Coastline", text: "202,080 km. Canada has the longest coastline of any country." };
  const [values] = (await encoder.encodePassages([passage])).embeddings;
  await applyMigrations({ persistTo });
  const worker = await startWranglerDev({ port: await findFreePort(8950), persistTo });
  const collection = `${worker.url}/v1/admin/collections/${COLLECTION}`;
  await send(collection, "PUT", {
    encoder_fingerprint: encoder.fingerprint,
    encoder_name: encoder.manifest.name,
    dims: encoder.manifest.dims,
    similarity: encoder.manifest.similarity,
    fusion: { method: "rrf", rrf_k: 60 },
  });
  await send(`${collection}/passages`, "POST", {
    encoder_fingerprint: encoder.fingerprint,
    passages: [{ id: "canada", ...passage, url: "", metadata: {}, values: [...(values ?? [])] }],
  });
  await worker.stop();
}

async function retrieve(url: string, query: string): Promise<void> {
  const answer = await send(`${url}/v1/retrieve`, "POST", { query, collection: COLLECTION });
  if (!answer.includes('"canada"')) {
    throw new Error(`the passage was not retrieved: ${answer}`);
  }
}

async function send(url: string, method: "POST" | "PUT", body: Readonly<Record<string, unknown>>): Promise<string> {
  const response = await fetch(url, {
    method,
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  const answer = await response.text();
  if (!response.ok) {
    throw new Error(`${method} ${url} answered ${response.status}: ${answer}`);
  }
  return answer;
}
