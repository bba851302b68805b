import { beforeAll, describe, it } from "vitest";
import { SMALL_COLLECTION, uploadSmallCollection } from "../../support/small-collection.ts";
import { callWorker } from "./call-worker.ts";

const FEEDBACK = {
  collection: SMALL_COLLECTION,
  query: "longest coastline?",
  request_id: "r1",
  model: "extractive",
  passages: [
    { id: "canada-coast", grade: 2, cited: true },
    { id: "norway-coast", grade: 0 },
  ],
  answer: { rating: "up", text: "Canada" },
};

beforeAll(async () => {
  await uploadSmallCollection("", { call: callWorker });
});

describe("POST /v1/feedback", () => {
  it("is given back as it was said, page by page", async ({ expect }) => {
    const first = await callWorker("/v1/feedback", { body: FEEDBACK });
    expect(first).toMatchObject({ status: 200, json: { object: "feedback", collection: SMALL_COLLECTION } });
    const second = await callWorker("/v1/feedback", {
      body: { ...FEEDBACK, passages: [], answer: { rating: "down" } },
    });
    const path = `/v1/admin/collections/${SMALL_COLLECTION}/feedback`;
    const page = await callWorker(`${path}?limit=1`);
    const { collection: _collection, ...said } = FEEDBACK;
    expect(page.json.data).toMatchObject([{ ...said, id: first.json.id }]);
    const next = await callWorker(`${path}?after=${first.json.id}`);
    expect(next.json.data).toMatchObject([{ id: second.json.id, passages: [], answer: { rating: "down" } }]);
  });

  it.for([
    [{ ...FEEDBACK, passages: [], answer: {} }, 400, "says nothing"],
    [{ ...FEEDBACK, collection: "nowhere" }, 404, "nowhere"],
    [{ ...FEEDBACK, passages: [{ id: "x", grade: 9 }] }, 400, "passages.0.grade"],
    [{ ...FEEDBACK, query: " " }, 400, "query"],
  ] as const)("refuses what says nothing or cannot be: %#", async ([body, status, message], { expect }) => {
    const reply = await callWorker("/v1/feedback", { body });
    expect([reply.status, reply.json.error.message]).toEqual([status, expect.stringContaining(message)]);
  });

  it("refuses a page that is none", async ({ expect }) => {
    const reply = await callWorker(`/v1/admin/collections/${SMALL_COLLECTION}/feedback?limit=1e9`);
    expect([reply.status, reply.json.error.param]).toEqual([400, "limit"]);
  });
});
