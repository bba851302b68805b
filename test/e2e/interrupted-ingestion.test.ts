import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, it } from "vitest";
import { applyMigrations } from "../../scripts/local-worker/apply-migrations.ts";
import { findFreePort } from "../../scripts/local-worker/free-port.ts";
import { type LocalWorker, startWranglerDev } from "../../scripts/local-worker/wrangler-dev.ts";

interface DocumentBody {
  readonly status: string;
  readonly passage_count: number;
  readonly version: number;
}

const LINES = 100;
const contentOf = (edition: string): string =>
  Array.from(
    { length: LINES },
    (_line, index) => `# Part ${index}\n\nThe ${edition} edition tells of walrus number ${index}.`,
  ).join("\n\n");

const state = await mkdtemp(path.join(tmpdir(), "aar-interrupted-"));
let worker: LocalWorker | undefined;
afterAll(async () => {
  await worker?.stop();
  await rm(state, { recursive: true, force: true });
});

async function start(): Promise<LocalWorker> {
  const port = await findFreePort(29_800 + Math.floor(Math.random() * 100));
  worker = await startWranglerDev({ port, persistTo: state });
  return worker;
}

async function call<Body>(route: string, init: RequestInit = {}): Promise<Body> {
  const response = await fetch(`${worker?.url}${route}`, init);
  if (!response.ok) {
    throw new Error(`${route}: ${response.status} ${await response.text()}`);
  }
  // The test names the fields that it reads of a reply of the code under test.
  return (await response.json()) as Body;
}

const DOCUMENT = "/v1/collections/zoo/documents/walruses";
const put = (edition: string): Promise<DocumentBody> =>
  call(DOCUMENT, { method: "PUT", body: contentOf(edition), headers: { "content-type": "text/markdown" } });

/** Of every passage that a search for walruses finds: which edition it is of. */
async function editions(): Promise<Record<string, number>> {
  const { data } = await call<{ data: { text: string }[] }>("/v1/retrieve", {
    method: "POST",
    body: JSON.stringify({ query: "edition tells of walrus", collection: "zoo", mode: "lexical", top_k: 100 }),
  });
  return Object.fromEntries(
    Map.groupBy(data, ({ text }) => /The (\w+) edition/.exec(text)?.[1] ?? "")
      .entries()
      .map(([edition, found]) => [edition, found.length]),
  );
}

async function until(condition: (document: DocumentBody) => boolean): Promise<DocumentBody> {
  for (;;) {
    const document = await call<DocumentBody>(DOCUMENT);
    if (condition(document)) {
      return document;
    }
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}

it(
  "a Worker that is restarted in the middle of an ingestion loses nothing, shows nothing half and counts nothing twice",
  { timeout: 240_000 },
  async ({ expect }) => {
    await applyMigrations({ persistTo: state });
    await start();
    await call("/v1/collections", { method: "POST", body: JSON.stringify({ name: "zoo" }) });
    await put("first");
    const first = await until(({ status }) => status === "completed");
    expect([first.passage_count, await editions()]).toEqual([LINES, { first: LINES }]);

    const second = await put("second");
    expect([second.status, second.passage_count]).toEqual(["in_progress", LINES]);
    // Some of it is encoded, none of it is seen; then everything ends, the queue's messages with it.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    expect(await editions()).toEqual({ first: LINES });
    await worker?.stop();

    await start();
    expect(await editions()).toEqual({ first: LINES });
    const done = await until(({ status }) => status !== "in_progress");
    expect(done).toMatchObject({ status: "completed", version: second.version, passage_count: LINES });
    expect(await editions()).toEqual({ second: LINES });
    expect(await call("/v1/collections/zoo")).toMatchObject({
      passage_count: LINES,
      document_counts: { completed: 1 },
    });
  },
);
