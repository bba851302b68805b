import { describe, it } from "vitest";
import { type MortalWorker, OPERATOR, PATIENCE_MS, until } from "./mortal-worker.ts";

interface DocumentBody {
  readonly status: string;
  readonly passage_count: number;
  readonly version: number;
}

const DOCUMENT = "/v1/collections/zoo/documents/walruses";
const LINES = 100;
const contentOf = (edition: string): string =>
  Array.from(
    { length: LINES },
    (_line, index) => `# Part ${index}\n\nThe ${edition} edition tells of walrus number ${index}.`,
  ).join("\n\n");

/** What was seen of an ingestion before the Worker died. */
export interface BegunIngestion {
  readonly first: DocumentBody;
  readonly firstEditions: Readonly<Record<string, number>>;
  readonly second: DocumentBody;
}

/** A document that is there, and whose second edition is being encoded when this resolves. */
export async function beginIngestion(worker: MortalWorker): Promise<BegunIngestion> {
  await worker.call("/v1/collections", { method: "POST", headers: OPERATOR, body: JSON.stringify({ name: "zoo" }) });
  await put(worker, "first");
  const first = await until(
    () => worker.call<DocumentBody>(DOCUMENT, { headers: OPERATOR }),
    ({ status }) => status === "completed",
  );
  const firstEditions = await editions(worker);
  return { first, firstEditions, second: await put(worker, "second") };
}

/** After the Worker was killed in the middle of an ingestion and started again. */
export function describeIngestion(
  world: () => { readonly worker: MortalWorker; readonly ingestion: BegunIngestion },
): void {
  describe.concurrent("an ingestion", { timeout: PATIENCE_MS }, () => {
    it("goes on where it was: nothing is lost, half visible or counted twice", async ({ expect }) => {
      const { worker, ingestion } = world();
      const { first, firstEditions, second } = ingestion;
      expect([first.passage_count, firstEditions]).toEqual([LINES, { first: LINES }]);
      expect([second.status, second.passage_count]).toEqual(["in_progress", LINES]);
      expect(await editions(worker)).toEqual({ first: LINES });
      const done = await until(
        () => worker.call<DocumentBody>(DOCUMENT, { headers: OPERATOR }),
        ({ status }) => status !== "in_progress",
      );
      expect(done).toMatchObject({ status: "completed", version: second.version, passage_count: LINES });
      expect(await editions(worker)).toEqual({ second: LINES });
      expect(await worker.call("/v1/collections/zoo", { headers: OPERATOR })).toMatchObject({
        passage_count: LINES,
        document_counts: { completed: 1 },
      });
    });
  });
}

async function put({ call }: MortalWorker, edition: string): Promise<DocumentBody> {
  return await call(DOCUMENT, {
    method: "PUT",
    body: contentOf(edition),
    headers: { ...OPERATOR, "content-type": "text/markdown" },
  });
}

/** Of every passage that a search for walruses finds: which edition it is of. */
async function editions({ call }: MortalWorker): Promise<Record<string, number>> {
  const { data } = await call<{ data: { text: string }[] }>("/v1/retrieve", {
    method: "POST",
    headers: OPERATOR,
    body: JSON.stringify({ query: "edition tells of walrus", collection: "zoo", mode: "lexical", top_k: 100 }),
  });
  return Object.fromEntries(
    Map.groupBy(data, ({ text }) => /The (\w+) edition/.exec(text)?.[1] ?? "")
      .entries()
      .map(([edition, found]) => [edition, found.length]),
  );
}
