/** Ingests passages while clients query. See HELP. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { seededRandom } from "../../training/seeded-random.ts";
import { applyMigrations } from "../local-worker/apply-migrations.ts";
import { findFreePort } from "../local-worker/free-port.ts";
import { startWranglerDev } from "../local-worker/wrangler-dev.ts";
import { contentOf, documentId, type Edition, EDITIONS, type Library } from "./ingestion-load/library.ts";
import { type QueryTally, runQueryClient } from "./ingestion-load/query-client.ts";

const HELP = `Usage: node scripts/check/ingestion-load.ts [options]

Starts a Worker of its own under wrangler dev and ingests documents into it, each in two editions, the second of which
replaces the first, while clients query. Fails when a query fails, when an answer shows a part of a document, two editions
of one, or none of one that was there, or when the counts are not right in the end.

Options:
  --documents <n>  documents (default: 50)
  --passages <n>   passages of each, at most 100 (default: 100); with two editions 10,000 are ingested by default
  --clients <n>    clients that query (default: 20)
  --pause <ms>     of a client between an answer and the next question, on average (default: 2000)
  --help           show this help
`;

const COLLECTION = "library";
const DOCUMENTS_PER_REQUEST = 10;

interface DocumentBody {
  readonly id: string;
  readonly status: string;
  readonly passage_count: number;
  readonly embed_tokens: number;
  readonly error: unknown;
}

async function main({
  library,
  clients,
  pause,
}: {
  library: Library;
  clients: number;
  pause: number;
}): Promise<boolean> {
  const state = await mkdtemp(path.join(tmpdir(), "aar-ingestion-load-"));
  await applyMigrations({ persistTo: state });
  const worker = await startWranglerDev({ port: await findFreePort(28_100), persistTo: state });
  const { url } = worker;
  const stop = new AbortController();
  const tally: QueryTally = { queries: 0, failures: [], halfVisible: [], degraded: 0, milliseconds: [] };
  const live = new Set<string>();
  try {
    await send(url, "/v1/collections", { name: COLLECTION });
    const querying = Array.from({ length: clients }, (_client, index) =>
      runQueryClient({
        url,
        collection: COLLECTION,
        library,
        live,
        tally,
        pause,
        random: seededRandom(index),
        signal: stop.signal,
      }),
    );
    let ingested = 0;
    let tokens = 0;
    const startedAt = performance.now();
    for (const edition of EDITIONS) {
      const documents = await ingest({ url, library, edition, live });
      ingested += documents.reduce((sum, { passage_count: count }) => sum + count, 0);
      tokens += documents.reduce((sum, { embed_tokens: count }) => sum + count, 0);
      console.error(`${edition} edition: ${seconds(startedAt)} s, ${tally.queries} queries so far`);
    }
    const took = seconds(startedAt);
    stop.abort();
    await Promise.all(querying);
    const collection = (await send(url, `/v1/collections/${COLLECTION}`)) as { passage_count: number };
    const figures = { ingested, tokens, took, clients, passagesInTheEnd: collection.passage_count };
    return report(library, tally, figures);
  } finally {
    stop.abort();
    await worker.stop();
    await rm(state, { recursive: true, force: true });
  }
}

interface Figures {
  readonly ingested: number;
  readonly tokens: number;
  /** Seconds. */
  readonly took: number;
  readonly clients: number;
  readonly passagesInTheEnd: number;
}

/** Prints the figures, and what went wrong; tells whether nothing did. */
function report(library: Library, tally: QueryTally, figures: Figures): boolean {
  const times = tally.milliseconds.toSorted((a, b) => a - b);
  const percentile = (share: number): number => Math.round(times[Math.floor(share * (times.length - 1))] ?? 0);
  const result = {
    documents: library.documents,
    passages_ingested: figures.ingested,
    tokens_encoded: figures.tokens,
    seconds: figures.took,
    clients: figures.clients,
    queries: tally.queries,
    failed: tally.failures.length,
    half_visible: tally.halfVisible.length,
    degraded: tally.degraded,
    query_ms: { p50: percentile(0.5), p95: percentile(0.95), max: percentile(1) },
    passages_in_the_end: figures.passagesInTheEnd,
  };
  console.log(JSON.stringify(result, undefined, 2));
  for (const complaint of [...tally.failures, ...tally.halfVisible].slice(0, 20)) {
    console.error(complaint);
  }
  const expected = library.documents * library.passages;
  return (
    tally.failures.length + tally.halfVisible.length === 0 &&
    figures.ingested === expected * EDITIONS.length &&
    figures.passagesInTheEnd === expected
  );
}

interface IngestOptions {
  readonly url: string;
  readonly library: Library;
  readonly edition: Edition;
  readonly live: Set<string>;
}

/** Sends all documents of an edition and waits until all are done; what is live then stays so. */
async function ingest({ url, library, edition, live }: IngestOptions): Promise<readonly DocumentBody[]> {
  const numbers = Array.from({ length: library.documents }, (_document, index) => index);
  for (let start = 0; start < numbers.length; start += DOCUMENTS_PER_REQUEST) {
    await send(url, `/v1/collections/${COLLECTION}/documents`, {
      documents: numbers.slice(start, start + DOCUMENTS_PER_REQUEST).map((document) => ({
        id: documentId(document),
        title: `Volume ${document}`,
        format: "markdown",
        content: contentOf(document, edition, library),
      })),
    });
  }
  const done = new Map<string, DocumentBody>();
  while (done.size < library.documents) {
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    for (const id of numbers
      .map(documentId)
      .filter((known) => !done.has(known))
      .slice(0, 20)) {
      const document = (await send(url, `/v1/collections/${COLLECTION}/documents/${id}`)) as DocumentBody;
      if (document.status === "failed") {
        throw new Error(`${id} failed: ${JSON.stringify(document.error)}`);
      }
      if (document.status === "completed") {
        done.set(id, document);
        live.add(id);
      }
    }
  }
  return [...done.values()];
}

async function send(url: string, route: string, body?: object): Promise<unknown> {
  const response = await fetch(url + route, body === undefined ? {} : { method: "POST", body: JSON.stringify(body) });
  if (!response.ok) {
    throw new Error(`${route}: ${response.status} ${await response.text()}`);
  }
  return await response.json();
}

function seconds(startedAt: number): number {
  return Math.round((performance.now() - startedAt) / 1000);
}

const { values } = parseArgs({
  options: {
    documents: { type: "string", default: "50" },
    passages: { type: "string", default: "100" },
    clients: { type: "string", default: "20" },
    pause: { type: "string", default: "2000" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  console.log(HELP);
} else {
  const library = { documents: Number(values.documents), passages: Math.min(100, Number(values.passages)) };
  const isFine = await main({ library, clients: Number(values.clients), pause: Number(values.pause) });
  process.exit(isFine ? 0 : 1);
}
