import OpenAI, { NotFoundError, toFile } from "openai";
import { afterAll, beforeAll, describe, it } from "vitest";
import type { RunningWorker } from "../support/running-worker.ts";
import { startOwnWorker } from "../support/start-own-worker.ts";

let worker: RunningWorker;
let client: OpenAI;
beforeAll(async () => {
  worker = await startOwnWorker();
  client = new OpenAI({ apiKey: "none", baseURL: `${worker.url}/v1`, maxRetries: 0 });
});
afterAll(() => worker.close());

const POLL = { pollIntervalMs: 200 };

const HANDBOOK = `# Handbook

## Rotation

Rotate a key every ninety days. The old key works for another hour.

## Revocation

A revoked key is refused at once.
`;

/** Long enough for the queue. */
const LONG = Array.from(
  { length: 120 },
  (_line, index) => `Line ${index}: the lighthouse of Lindesnes has burned since 1656.`,
).join("\n\n");

async function namesOf(page: AsyncIterable<{ id: string }>): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of page) {
    ids.push(id);
  }
  return ids;
}

describe("the openai client", () => {
  it("creates a store, uploads a file, waits until it is there, searches it and takes it all away", async ({
    expect,
  }) => {
    const store = await client.vectorStores.create({ name: "Handbook", metadata: { team: "ops" } });
    expect(store).toMatchObject({
      object: "vector_store",
      name: "Handbook",
      metadata: { team: "ops" },
      status: "completed",
      file_counts: { total: 0 },
    });
    const file = await client.files.create({
      file: await toFile(Buffer.from(HANDBOOK), "handbook.md"),
      purpose: "assistants",
    });
    expect(file).toMatchObject({
      object: "file",
      filename: "handbook.md",
      bytes: HANDBOOK.length,
      purpose: "assistants",
    });
    expect(await (await client.files.content(file.id)).text()).toBe(HANDBOOK);

    const attached = await client.vectorStores.files.createAndPoll(
      store.id,
      { file_id: file.id, attributes: { language: "en", edition: 2 } },
      POLL,
    );
    expect(attached).toMatchObject({
      id: file.id,
      status: "completed",
      last_error: null,
      vector_store_id: store.id,
      attributes: { language: "en", edition: 2 },
    });

    const found = await client.vectorStores.search(store.id, {
      query: "how often must I rotate a key?",
      max_num_results: 2,
    });
    expect(found.data).toHaveLength(2);
    expect(found.data[0]).toMatchObject({
      file_id: file.id,
      filename: "handbook.md",
      attributes: { language: "en", edition: 2 },
      content: [{ type: "text", text: "Rotate a key every ninety days. The old key works for another hour." }],
    });
    expect(await client.vectorStores.retrieve(store.id)).toMatchObject({ file_counts: { completed: 1, total: 1 } });
    expect(await namesOf(client.vectorStores.files.list(store.id))).toEqual([file.id]);
    expect(await namesOf(client.vectorStores.list())).toContain(store.id);

    expect(await client.vectorStores.files.delete(file.id, { vector_store_id: store.id })).toMatchObject({
      deleted: true,
    });
    expect((await client.vectorStores.search(store.id, { query: "rotate a key" })).data).toEqual([]);
    expect(await client.files.delete(file.id)).toMatchObject({ id: file.id, deleted: true });
    await expect(client.files.retrieve(file.id)).rejects.toBeInstanceOf(NotFoundError);
    expect(await client.vectorStores.delete(store.id)).toMatchObject({ id: store.id, deleted: true });
    await expect(client.vectorStores.retrieve(store.id)).rejects.toBeInstanceOf(NotFoundError);
  });

  it("uploads a long file, which the queue encodes, and many at once", async ({ expect }) => {
    const store = await client.vectorStores.create({ name: "Long" });
    const long = await client.vectorStores.files.uploadAndPoll(
      store.id,
      await toFile(Buffer.from(LONG), "lights.txt"),
      POLL,
    );
    expect(long.status).toBe("completed");
    const uploads = ["Bergen", "Oslo", "Stavanger"].map((city) =>
      toFile(Buffer.from(`${city} has a harbour.`), `${city}.txt`),
    );
    const batch = await client.vectorStores.fileBatches.uploadAndPoll(
      store.id,
      { files: await Promise.all(uploads) },
      POLL,
    );
    expect(batch).toMatchObject({ status: "completed", file_counts: { completed: 3, total: 3 } });
    const files = await namesOf(client.vectorStores.fileBatches.listFiles(batch.id, { vector_store_id: store.id }));
    expect(files).toHaveLength(3);
    const { data } = await client.vectorStores.search(store.id, {
      query: ["harbour of Bergen", "lighthouse"],
      max_num_results: 50,
    });
    expect(data.map(({ filename }) => filename)).toContain("Bergen.txt");
    expect(data.map(({ filename }) => filename)).toContain("lights.txt");
    expect(await client.vectorStores.retrieve(store.id)).toMatchObject({
      status: "completed",
      file_counts: { completed: 4 },
    });
  });

  it("hears of a file that cannot be read, while the others of its batch go on", async ({ expect }) => {
    const store = await client.vectorStores.create({});
    const upload = async (content: string, name: string): Promise<string> =>
      (await client.files.create({ file: await toFile(Buffer.from(content), name), purpose: "assistants" })).id;
    const pdf = await upload("%PDF-1.7", "report.pdf");
    const broken = await upload("{", "broken.json");
    const empty = await upload("  \n", "empty.txt");
    const good = await upload("Seals sleep under water.", "seals.txt");
    const statusOf = async (id: string): Promise<unknown[]> => {
      const { status, last_error: error } = await client.vectorStores.files.createAndPoll(
        store.id,
        { file_id: id },
        POLL,
      );
      return [status, error?.code];
    };
    expect(await statusOf(pdf)).toEqual(["failed", "unsupported_file"]);
    expect(await statusOf(broken)).toEqual(["failed", "invalid_file"]);
    expect(await statusOf(empty)).toEqual(["failed", "invalid_file"]);
    const other = await client.vectorStores.create({});
    const batch = await client.vectorStores.fileBatches.createAndPoll(
      other.id,
      { file_ids: [pdf, broken, empty, good] },
      POLL,
    );
    expect(batch.file_counts).toMatchObject({ completed: 1, failed: 3, total: 4 });
    expect((await client.vectorStores.search(other.id, { query: "seals" })).data).toHaveLength(1);
    await expect(client.vectorStores.files.create(store.id, { file_id: "file-nowhere" })).rejects.toBeInstanceOf(
      NotFoundError,
    );
  });

  it("answers from a store by the file_search tool", async ({ expect }) => {
    const store = await client.vectorStores.create({ name: "Chat" });
    await client.vectorStores.files.uploadAndPoll(store.id, await toFile(Buffer.from(HANDBOOK), "handbook.md"), POLL);
    const answer = await client.chat.completions.create({
      model: "extractive",
      messages: [{ role: "user", content: "How often is a key rotated?" }],
      // Typed for the Responses API; LiteLLM and this Worker take it in chat completions.
      tools: [{ type: "file_search", vector_store_ids: [store.id] } as never],
    });
    expect(answer.choices[0]?.message.content).toContain("ninety days");
  });
});
