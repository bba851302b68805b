import { beforeAll, describe, it } from "vitest";
import { SMALL_COLLECTION, SMALL_PASSAGES, uploadSmallCollection } from "../../support/small-collection.ts";
import { type CallOptions, callWorker } from "./call-worker.ts";

const VALUES = Array.from({ length: 384 }, (_, index) => Math.sin(index + 1));

let fingerprint: string;
beforeAll(async () => {
  fingerprint = await uploadSmallCollection("", { call: callWorker });
});

const COLLECTION = `/v1/admin/collections/${SMALL_COLLECTION}`;
const upload = (passage: object, more: object = {}): CallOptions => ({
  body: {
    encoder_fingerprint: fingerprint,
    passages: [{ id: "new", text: "A new text.", values: VALUES, ...passage }],
    ...more,
  },
});

const UPLOAD_TABLE: readonly (readonly [
  what: string,
  options: () => CallOptions,
  status: number,
  code: string,
  param: string | null,
])[] = [
  ["wrong dims", () => upload({ values: [1, 2, 3] }), 400, "dims_mismatch", "passages[0].values"],
  ["wrong dims in base64", () => upload({ values: "AACAPw==" }), 400, "dims_mismatch", "passages[0].values"],
  ["values that are not base64", () => upload({ values: "***" }), 400, "invalid_request", "passages[0].values"],
  ["a vector of zeros", () => upload({ values: VALUES.map(() => 0) }), 400, "invalid_request", "passages[0].values"],
  [
    "a number that float32 cannot hold",
    () => upload({ values: [1e300, ...VALUES.slice(1)] }),
    400,
    "invalid_request",
    "passages[0].values",
  ],
  ["a wrong fingerprint", () => upload({}, { encoder_fingerprint: "0".repeat(64) }), 409, "fingerprint_mismatch", null],
  [
    "no fingerprint at all",
    () => upload({}, { encoder_fingerprint: undefined }),
    400,
    "invalid_request",
    "encoder_fingerprint",
  ],
  [
    "metadata of 11 KiB",
    () => upload({ metadata: { note: "x".repeat(11 * 1024) } }),
    400,
    "vector_limit",
    "passages.0.metadata",
  ],
  [
    "a metadata key with a dollar",
    () => upload({ metadata: { $country: "x" } }),
    400,
    "invalid_request",
    "passages.0.metadata",
  ],
  ["no passages", () => upload({}, { passages: [] }), 400, "invalid_request", "passages"],
  [
    "501 passages",
    () =>
      upload(
        {},
        { passages: Array.from({ length: 501 }, (_, index) => ({ id: `p${index}`, text: "t", values: "AACAPw==" })) },
      ),
    400,
    "invalid_request",
    "passages",
  ],
  ["17 MiB", () => upload({ text: "x".repeat(17 * 1024 * 1024) }), 413, "body_too_large", null],
  ["an empty id", () => upload({ id: "" }), 400, "invalid_request", "passages.0.id"],
];

describe("a bad upload is refused and changes nothing", () => {
  it.for(UPLOAD_TABLE)("%s", async ([, options, status, code, param], { expect }) => {
    const before = await callWorker(COLLECTION);
    const reply = await callWorker(`${COLLECTION}/passages`, options());
    expect(reply.json?.error).toMatchObject({ code, param });
    expect(reply.status).toBe(status);
    const after = await callWorker(COLLECTION);
    expect(after.json).toEqual(before.json);
    const found = await callWorker("/v1/retrieve", { body: { query: "new text", collection: SMALL_COLLECTION } });
    expect(found.json.data.map(({ id }: { id: string }) => id).toSorted()).toEqual(
      SMALL_PASSAGES.map(({ id }) => id).toSorted(),
    );
  });

  it("one bad passage among good ones", async ({ expect }) => {
    const good = { id: "good", text: "Good.", values: VALUES };
    const reply = await callWorker(
      `${COLLECTION}/passages`,
      upload({}, { passages: [good, { ...good, id: "bad", values: [1] }] }),
    );
    expect(reply.json.error).toMatchObject({ code: "dims_mismatch", param: "passages[1].values" });
    expect((await callWorker(COLLECTION)).json.passage_count).toBe(SMALL_PASSAGES.length);
  });

  it("another encoder for a collection that has passages", async ({ expect }) => {
    const body = { encoder_fingerprint: "0".repeat(64), encoder_name: "other", dims: 384, similarity: "cosine" };
    const reply = await callWorker(COLLECTION, { method: "PUT", body });
    expect([reply.status, reply.json.error.code]).toEqual([409, "fingerprint_mismatch"]);
    expect((await callWorker(COLLECTION)).json.encoder_fingerprint).toBe(fingerprint);
  });

  it.for(["a/b", "-x", "", "x".repeat(64), "ä"])("a collection named %j", async (name, { expect }) => {
    const body = { encoder_fingerprint: fingerprint, encoder_name: "e", dims: 384, similarity: "cosine" };
    const { status } = await callWorker(`/v1/admin/collections/${encodeURIComponent(name)}`, { method: "PUT", body });
    expect([400, 404, 405]).toContain(status);
    expect((await callWorker("/v1/admin/collections")).json.data).toHaveLength(1);
  });
});
