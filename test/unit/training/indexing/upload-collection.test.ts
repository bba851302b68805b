import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { uploadCollection } from "../../../../training/indexing/upload-collection.ts";
import type {
  EncodedPassage,
  UploadCollectionOptions,
  UploadResult,
} from "../../../../training/indexing/upload-collection.ts";
import { fakeAdminWorker } from "../../../support/fake-admin-worker.ts";
import type { FakeAdminWorker } from "../../../support/fake-admin-worker.ts";
import { silentProgress } from "../../../support/silent-progress.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const COLLECTION = {
  name: "docs",
  encoderFingerprint: "a".repeat(64),
  encoderName: "fake",
  dims: 2,
  similarity: "cosine",
} as const;
const UNAVAILABLE = (): Response => new Response("<html>bad gateway</html>", { status: 502 });

function passagesOf(count: number, text = "text"): EncodedPassage[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `p${index}`,
    documentId: `d${index}`,
    title: "",
    text: `${text} ${index}`,
    url: "",
    metadata: { n: index },
    vector: Float32Array.of(1, index),
  }));
}

function upload(worker: FakeAdminWorker, options: Partial<UploadCollectionOptions> = {}): Promise<UploadResult> {
  const passages = options.passages ?? passagesOf(5);
  return uploadCollection({
    url: "http://worker.test",
    collection: COLLECTION,
    count: 5,
    batchSize: 2,
    fetch: worker.fetch,
    minDelayMs: 1,
    progress: silentProgress,
    signal: new AbortController().signal,
    ...options,
    passages,
  });
}

function posts({ requests }: FakeAdminWorker): number {
  return requests.filter((request) => request.startsWith("POST")).length;
}

describe("uploadCollection", () => {
  it("creates the collection, sends batches, and says what is there", async ({ expect }) => {
    const worker = fakeAdminWorker();
    const result = await upload(worker);
    expect(result).toEqual({ collection: "docs", uploaded: 5, skipped: 0, passageCount: 5, mutationId: "m4" });
    expect(worker.requests).toEqual([
      "GET /v1/admin/collections",
      "PUT /v1/admin/collections/docs",
      ...Array.from({ length: 3 }, () => "POST /v1/admin/collections/docs/passages"),
    ]);
    expect(worker.collections.get("docs")?.passages.get("p3")).toEqual({
      id: "p3",
      document_id: "d3",
      title: "",
      text: "text 3",
      url: "",
      metadata: { n: 3 },
      values: Buffer.from(Float32Array.of(1, 3).buffer).toString("base64"),
    });
  });

  it("keeps a request below 8 MiB, whatever alphabet its text is in", async ({ expect }) => {
    const worker = fakeAdminWorker();
    const sizes: number[] = [];
    await upload(worker, {
      passages: passagesOf(70, "字".repeat(100_000)),
      batchSize: 500,
      fetch: (url, init) => {
        sizes.push(Buffer.byteLength(typeof init?.body === "string" ? init.body : ""));
        return worker.fetch(url, init);
      },
    });
    expect(Math.max(...sizes)).toBeLessThan(8.1 * 2 ** 20);
    expect(worker.collections.get("docs")?.passages.size).toBe(70);
  });

  it("goes on by its receipt and sends again only what changed", async ({ expect, onTestFinished }) => {
    const worker = fakeAdminWorker();
    const receipt = path.join(await temporaryFolder(onTestFinished), "receipt.jsonl");
    const brokenOff = [...passagesOf(4)];
    const failing = (function* () {
      yield* brokenOff;
      throw new Error("killed");
    })();
    await expect(upload(worker, { receipt, passages: failing })).rejects.toThrow("killed");
    expect(await upload(worker, { receipt })).toMatchObject({ uploaded: 3, skipped: 2 });
    expect(await upload(worker, { receipt })).toMatchObject({ uploaded: 0, skipped: 5, mutationId: undefined });
    const changed = passagesOf(5).map((passage) => (passage.id === "p4" ? { ...passage, text: "new" } : passage));
    expect(await upload(worker, { receipt, passages: changed })).toMatchObject({ uploaded: 1, skipped: 4 });
    expect(worker.collections.get("docs")?.passages.get("p4")).toMatchObject({ text: "new" });
  });

  it("trusts only the whole lines of a receipt that a crash cut off", async ({ expect, onTestFinished }) => {
    const worker = fakeAdminWorker();
    const receipt = path.join(await temporaryFolder(onTestFinished), "receipt.jsonl");
    await upload(worker, { receipt });
    await writeFile(receipt, (await readFile(receipt, "utf8")).slice(0, -9));
    expect(await upload(worker, { receipt })).toMatchObject({ uploaded: 1, skipped: 4 });
    expect(await upload(worker, { receipt })).toMatchObject({ uploaded: 0, skipped: 5 });
  });

  it.for([
    ["the collection was deleted since", (worker: FakeAdminWorker) => worker.collections.clear(), {}],
    [
      "it holds fewer passages than it did",
      (worker: FakeAdminWorker) => worker.collections.get("docs")?.passages.delete("p1"),
      {},
    ],
    ["the receipt is of another Worker", () => undefined, { url: "http://other.test" }],
    ["it is told to", () => undefined, { ignoreReceipt: true }],
  ] as const)("sends everything again when %s", async ([, change, options], { expect, onTestFinished }) => {
    const worker = fakeAdminWorker();
    const receipt = path.join(await temporaryFolder(onTestFinished), "receipt.jsonl");
    await upload(worker, { receipt });
    change(worker);
    expect(await upload(worker, { receipt, ...options })).toMatchObject({ uploaded: 5, skipped: 0, passageCount: 5 });
  });

  it("keeps the fusion of a collection unless it is given one", async ({ expect }) => {
    const worker = fakeAdminWorker();
    const fusionOf = (): unknown => worker.collections.get("docs")?.settings["fusion"];
    await upload(worker, { collection: { ...COLLECTION, fusion: { method: "rrf", rrfK: 10 } } });
    await upload(worker);
    expect(fusionOf()).toEqual({ method: "rrf", rrf_k: 10 });
    const convex = { method: "convex", weight: 0.25, normalization: "min-max" } as const;
    await upload(worker, { collection: { ...COLLECTION, fusion: convex } });
    expect(fusionOf()).toEqual(convex);
  });

  it("repeats what may pass: a broken connection, a gateway's page, a rate limit", async ({ expect }) => {
    const worker = fakeAdminWorker();
    worker.failures.push(
      new TypeError("fetch failed"),
      UNAVAILABLE(),
      Response.json({ error: { message: "slow down", code: "upstream_rate_limited" } }, { status: 429 }),
    );
    expect(await upload(worker)).toMatchObject({ uploaded: 5 });
    expect(worker.requests).toHaveLength(3 + 5);
  });

  it("gives up after its retries, and says who could not be reached", async ({ expect }) => {
    const worker = fakeAdminWorker();
    worker.failures.push(
      ...Array.from({ length: 3 }, () => new TypeError("fetch failed", { cause: new Error("ECONNREFUSED") })),
    );
    await expect(upload(worker, { retries: 2 })).rejects.toThrow(
      "GET http://worker.test/v1/admin/collections could not be reached: ECONNREFUSED; is the Worker running?",
    );
  });

  it("does not repeat a refusal, and keeps the Worker's code and words", async ({ expect }) => {
    const worker = fakeAdminWorker();
    await upload(worker);
    const sent = posts(worker);
    await expect(
      upload(worker, { collection: { ...COLLECTION, encoderFingerprint: "b".repeat(64) } }),
    ).rejects.toMatchObject({
      code: "fingerprint_mismatch",
      message:
        'PUT http://worker.test/v1/admin/collections/docs answered 409 fingerprint_mismatch: collection "docs" is of another encoder',
    });
    expect(posts(worker)).toBe(sent);
  });

  it("obeys x-should-retry over the status", async ({ expect }) => {
    const worker = fakeAdminWorker();
    worker.failures.push(new Response("no", { status: 503, headers: { "x-should-retry": "false" } }));
    await expect(upload(worker)).rejects.toThrow(/answered 503: no/u);
    expect(worker.requests).toHaveLength(1);
  });

  it("sends the key as bearer, and says which variable to set without one", async ({ expect }) => {
    const worker = fakeAdminWorker();
    worker.adminKey = "secret";
    await expect(upload(worker)).rejects.toThrow(/answered 401 unauthenticated: .*\(set AAR_ADMIN_KEY/u);
    expect(await upload(worker, { adminKey: "secret" })).toMatchObject({ uploaded: 5 });
  });

  it.for([
    [
      "a page that is no Worker",
      "http://worker.test",
      [new Response("<html>")],
      /did not answer like this project's Worker/u,
    ],
    ["a URL that is none", "worker.test", [], /"worker\.test" is not the URL of a Worker/u],
    ["a scheme that is none", "ftp://worker.test", [], /expected http/u],
  ] as const)("refuses %s", async ([, url, failures, message], { expect }) => {
    const worker = fakeAdminWorker();
    worker.failures.push(...failures);
    await expect(upload(worker, { url })).rejects.toThrow(message);
  });

  it("refuses a vector of other dimensions before it sends it", async ({ expect }) => {
    const worker = fakeAdminWorker();
    const passages = passagesOf(2).map((passage) => ({ ...passage, vector: new Float32Array(3) }));
    await expect(upload(worker, { passages })).rejects.toThrow(
      /passage "p0" has 3 dimensions, collection "docs" has 2/u,
    );
    expect(posts(worker)).toBe(0);
  });

  it("stops between batches when it is told to, and can go on", async ({ expect, onTestFinished }) => {
    const worker = fakeAdminWorker();
    const receipt = path.join(await temporaryFolder(onTestFinished), "receipt.jsonl");
    const interrupt = new AbortController();
    const interrupting = (function* () {
      for (const passage of passagesOf(5)) {
        if (passage.id === "p3") {
          interrupt.abort(new Error("stop"));
        }
        yield passage;
      }
    })();
    await expect(upload(worker, { receipt, passages: interrupting, signal: interrupt.signal })).rejects.toThrow("stop");
    expect(await upload(worker, { receipt })).toMatchObject({ uploaded: 3, skipped: 2 });
  });
});
