import * as fc from "fast-check";
import { describe, test } from "vitest";
import type { RetrievalLeg } from "../../../src/retrieval/types.ts";
import type { VectorFilter, VectorMetadata } from "../../../src/vector-index/vector-index.ts";
import { collectionOf, passageOf } from "../../support/passages.ts";
import { idsOf, retrievalWorld } from "./retrieval-world.ts";

const LEGS = ["dense", "lexical"] as const satisfies readonly RetrievalLeg[];

describe("retrieval over D1 and the vector index", () => {
  test("hybrid finds what either leg finds, with the place in each", async ({ expect }) => {
    const { upload, retrieve } = retrievalWorld();
    const longId = `long/${"x".repeat(100)}`;
    await upload("hybrid", [
      passageOf({ id: "walrus", title: "Walrus", text: "tusks and whiskers" }),
      passageOf({ id: longId, text: "the walrus rests on ice" }),
      passageOf({ id: "otter", text: "rivers" }),
    ]);
    const outcome = await retrieve("hybrid");
    expect(idsOf(outcome).slice(0, 2).toSorted()).toEqual([longId, "walrus"].toSorted());
    expect(outcome.passages.find(({ passage }) => passage.id === longId)).toMatchObject({
      passage: { text: "the walrus rests on ice" },
      dense: { rank: expect.any(Number) as number },
      lexical: { rank: expect.any(Number) as number },
    });
    expect(outcome.passages.find(({ passage }) => passage.id === "otter")).not.toHaveProperty("lexical");
    expect(outcome).toMatchObject({ degraded: [], usage: { embedTokens: 3, vectorsQueried: 1 } });
  });

  test("collections that share words never see each other, nor change each other's scores", async ({ expect }) => {
    const { upload, retrieve, remove } = retrievalWorld();
    await upload("mine", [passageOf({ id: "1", text: "walrus ice" }), passageOf({ id: "2", text: "otter" })]);
    const before = await retrieve("mine");
    await upload(
      "theirs",
      Array.from({ length: 40 }, (_passage, index) => passageOf({ id: `t${index}`, text: "walrus" })),
    );
    expect((await retrieve("mine")).passages).toEqual(before.passages);
    await remove("theirs");
    expect((await retrieve("mine")).passages).toEqual(before.passages);
  });

  test("replaced passages are found by their new words and meaning only", async ({ expect }) => {
    const { upload, retrieve } = retrievalWorld();
    await upload("replace", [passageOf({ id: "1", text: "walrus" }), passageOf({ id: "2", text: "seal" })]);
    await upload("replace", [passageOf({ id: "1", text: "otter" })]);
    expect(idsOf(await retrieve("replace", { mode: "lexical" }))).toEqual([]);
    const [first] = (await retrieve("replace", { mode: "dense", query: "otter" })).passages;
    expect(first).toMatchObject({ passage: { id: "1", text: "otter" }, score: expect.closeTo(1, 5) as number });
  });

  test("vectors that the text store does not know are dropped", async ({ expect }) => {
    const { upload, retrieve, vectorIndex, encoder } = retrievalWorld();
    await upload("ghosts", [passageOf({ id: "1", text: "walrus" })]);
    const { embeddings } = await encoder.encodeQueries(["walrus"]);
    const ghosts = ["ghosts/ghost", "f".repeat(64)].map((id) => ({
      id,
      namespace: "ghosts",
      values: embeddings[0] ?? [],
    }));
    await vectorIndex.upsert(ghosts);
    expect(idsOf(await retrieve("ghosts", { mode: "dense" }))).toEqual(["1"]);
  });

  test("a deleted collection leaves no vector, no text and no table", async ({ expect }) => {
    const { upload, remove, store, vectorIndex, encoder } = retrievalWorld();
    await upload(
      "gone",
      Array.from({ length: 230 }, (_passage, index) => passageOf({ id: `${index}`, text: "walrus" })),
    );
    expect(await remove("gone")).toBe(230);
    expect(await store.getCollection("gone")).toBeUndefined();
    const { embeddings } = await encoder.encodeQueries(["walrus"]);
    const { matches } = await vectorIndex.query(embeddings[0] ?? [], { topK: 100, namespace: "gone" });
    expect(matches).toEqual([]);
  });

  test("refuses a filter that does not parse, in every mode", async ({ expect }) => {
    const { upload, retrieve } = retrievalWorld();
    await upload("refuse", [passageOf({ id: "1", text: "walrus" })]);
    const filter = { country: { $regex: "x" } } as VectorFilter;
    for (const mode of [...LEGS, "hybrid"] as const) {
      await expect(retrieve("refuse", { mode, filter })).rejects.toMatchObject({ code: "invalid_filter" });
    }
  });

  test("refuses a collection of another encoder", async ({ expect }) => {
    const { retrieve, upload } = retrievalWorld();
    await upload("own", [passageOf({ id: "1", text: "walrus" })]);
    const world = retrievalWorld();
    await world.store.putCollection(collectionOf({ name: "foreign", dims: 384, encoderFingerprint: "e".repeat(64) }));
    await expect(world.retrieve("foreign")).rejects.toMatchObject({ code: "fingerprint_mismatch" });
    expect(idsOf(await retrieve("own"))).toEqual(["1"]);
  });
});

describe("filters", () => {
  // RPC takes objects with a prototype only. The local index has metadata indexes of type string on these properties (wrangler.toml).
  const values = fc.constantFrom("NO", "IS", "no", "", "1", "\u{1f600}", "\u{fffd}", "x".repeat(64), "x".repeat(65));
  const odd = fc.constantFrom<VectorMetadata[string]>(["NO"], { NO: "NO" });
  const metadata = fc.record(
    { country: fc.oneof(values, values, odd), section: values },
    { requiredKeys: [], noNullPrototype: true },
  );
  const operand = fc.oneof(values, values, fc.constantFrom<null | number | boolean>(null, 1, true));
  const condition = fc.oneof(
    operand,
    fc.tuple(fc.constantFrom("$eq", "$ne"), operand).map(([operator, value]) => ({ [operator]: value })),
    fc
      .tuple(fc.constantFrom("$in", "$nin"), fc.array(operand, { maxLength: 3 }))
      .map(([operator, list]) => ({ [operator]: list })),
    fc.tuple(fc.constantFrom("$gt", "$gte", "$lt", "$lte"), values).map(([operator, value]) => ({ [operator]: value })),
    fc.tuple(values, values).map(([low, high]) => ({ $gte: low, $lt: high })),
  );
  const filters = fc.record(
    { country: condition, section: condition },
    { requiredKeys: ["country"], noNullPrototype: true },
  );

  test("pass the same passages in both legs", async ({ expect }) => {
    const { upload, retrieve } = retrievalWorld();
    const passages = fc
      .sample(metadata, { numRuns: 60, seed: 7 })
      .map((metadata, index) => passageOf({ id: `${index}`, text: "walrus", metadata }));
    await upload("filters", passages);
    let passed = 0;
    await fc.assert(
      fc.asyncProperty(filters, async (filter) => {
        const found = await Promise.all(LEGS.map((mode) => retrieve("filters", { mode, filter })));
        const [dense = [], lexical = []] = found.map((outcome) => idsOf(outcome).toSorted());
        expect(lexical).toEqual(dense);
        passed += dense.length;
      }),
      { numRuns: 50 },
    );
    expect(passed).toBeGreaterThan(50);
  });
});
