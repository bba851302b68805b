import { describe, it } from "vitest";
import { workerRun } from "../../../../training/eval/worker-run.ts";
import { createAdminClient } from "../../../../training/indexing/admin-client.ts";
import { silentProgress } from "../../../support/silent-progress.ts";

const QUERIES = ["one", "two", "three"].map((text, index) => ({ id: `q${index}`, text }));

/** A Worker that finds the passage named like the query; what it was asked, in order. */
function fakeWorker(reply: (query: string) => Response) {
  const asked: Record<string, unknown>[] = [];
  const client = createAdminClient({
    url: "http://worker.test",
    adminKey: "key",
    retries: 0,
    signal: new AbortController().signal,
    fetch: async (input, init) => {
      const request = new Request(input, init);
      const body = (await request.json()) as Record<string, unknown>; // the client under test sends objects
      asked.push({ ...body, path: new URL(request.url).pathname, key: request.headers.get("authorization") });
      return reply(String(body["query"]));
    },
  });
  return { client, asked };
}

const options = { collection: "docs", mode: "hybrid", queries: QUERIES, topK: 1000, progress: silentProgress } as const;

describe("workerRun", () => {
  it("asks every query once and keeps their order, whatever answers first", async ({ expect }) => {
    const { client, asked } = fakeWorker((query) => Response.json({ data: [{ id: query, score: 1, text: "…" }] }));
    const run = await workerRun({ ...options, client });
    expect([...run]).toEqual(QUERIES.map(({ id, text }) => [id, [{ id: text, score: 1 }]]));
    expect(asked).toHaveLength(3);
    const common = { collection: "docs", mode: "hybrid", top_k: 100, on_error: "fail" };
    expect(asked[0]).toEqual({ ...common, query: "one", path: "/v1/retrieve", key: "Bearer key" });
  });

  it.for(["mine", null])("passes on which adapter to use: %s", async (adapter, { expect }) => {
    const { client, asked } = fakeWorker(() => Response.json({ data: [] }));
    await workerRun({ ...options, client, adapter });
    expect(asked.map((body) => body["adapter"])).toEqual([adapter, adapter, adapter]);
  });

  it("ends with the Worker's own error", async ({ expect }) => {
    const error = { message: 'there is no collection "docs"', code: "unknown_collection" };
    const { client } = fakeWorker(() => Response.json({ error }, { status: 404 }));
    await expect(workerRun({ ...options, client })).rejects.toMatchObject({ code: "unknown_collection" });
  });
});
