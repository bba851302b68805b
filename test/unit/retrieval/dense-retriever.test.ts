import { describe, test } from "vitest";
import { vectorIdOf } from "../../../src/ingestion/vector-id.ts";
import { createDenseRetriever } from "../../../src/retrieval/dense-retriever.ts";
import type { Collection } from "../../../src/retrieval/types.ts";
import type { VectorMatch, VectorQueryOptions } from "../../../src/vector-index/vector-index.ts";
import { fakeEncoder } from "../../support/fake-encoder.ts";
import { collectionOf } from "../../support/passages.ts";

function newLeg(matches: readonly VectorMatch[], passageIds: ReadonlyMap<string, string> = new Map()) {
  const asked: (VectorQueryOptions | undefined)[] = [];
  const lookedUp: string[] = [];
  const leg = createDenseRetriever({
    queryEncoder: () => Promise.resolve({ encoder: fakeEncoder(), used: { encoder: "default" } }),
    vectorIndex: {
      query: (_vector, options) => {
        asked.push(options);
        return Promise.resolve({ matches: [...matches], count: matches.length });
      },
    },
    store: {
      getPassageIds: (_collection, vectorIds) => {
        lookedUp.push(...vectorIds);
        return Promise.resolve(passageIds);
      },
    },
    now: () => 0,
  });
  const retrieve = (collection: Collection = collectionOf()) =>
    leg.retrieve({ query: "a walrus", collection, depth: 7 });
  return { retrieve, asked, lookedUp };
}

describe("createDenseRetriever", () => {
  test("asks within the collection's namespace, for ids only", async ({ expect }) => {
    const { retrieve, asked } = newLeg([]);
    expect(await retrieve()).toMatchObject({ run: [], embedTokens: 4, vectorsQueried: 1 });
    expect(asked).toEqual([{ topK: 7, namespace: "animals", returnMetadata: "none" }]);
  });

  test("reads passage ids off the vector ids and looks up only hashed ones; what nobody knows keeps its vector's id", async ({
    expect,
  }) => {
    const longId = "x".repeat(100);
    const hashed = await vectorIdOf("animals", longId);
    const unknown = await vectorIdOf("animals", "y".repeat(100));
    const matches = [
      { id: "animals/a/1", score: 0.9 },
      { id: hashed, score: 0.8 },
      { id: unknown, score: 0.7 },
    ];
    const { retrieve, lookedUp } = newLeg(matches, new Map([[hashed, longId]]));
    expect((await retrieve()).run).toEqual([
      { id: "a/1", score: 0.9 },
      { id: longId, score: 0.8 },
      { id: unknown, score: 0.7 },
    ]);
    expect(lookedUp).toEqual([hashed, unknown]);
  });

  test.for<[Collection["similarity"], number[], number[]]>([
    ["cosine", [0.9, -0.1], [0.9, -0.1]],
    ["dot-product", [-12, 3], [12, -3]],
    ["euclidean", [0, 3], [1, 0.25]],
  ])("%s scores become higher-is-better", async ([similarity, scores, expected], { expect }) => {
    const { retrieve } = newLeg(scores.map((score, index) => ({ id: `animals/${index}`, score })));
    const { run } = await retrieve(collectionOf({ similarity }));
    expect(run.map(({ score }) => score)).toEqual(expected);
  });

  test.for<[Collection["similarity"], string, number[]]>([
    ["cosine", "dot-product", [-0.9, -0.5, -0.1]],
    ["cosine", "euclidean", [0.1, 0.5, 0.9]],
    ["cosine", "euclidean, one match", [7]],
    ["dot-product", "cosine", [0.9, 0.5, 0.1]],
    ["euclidean", "cosine", [0.9, 0.5, 0.1]],
    ["euclidean", "dot-product", [-1, -0.5, -0.1]],
  ])("refuses to serve a %s collection from an index of %s", async ([similarity, , scores], { expect }) => {
    const { retrieve } = newLeg(scores.map((score, index) => ({ id: `animals/${index}`, score })));
    await expect(retrieve(collectionOf({ similarity }))).rejects.toMatchObject({
      code: "configuration_invalid",
      message: expect.stringContaining(`metric=${similarity}`) as unknown,
    });
  });

  test("takes scores that are equal, or off by a rounding error", async ({ expect }) => {
    const matches = [1.000_000_1, 1, 1.000_000_1].map((score, index) => ({ id: `animals/${index}`, score }));
    expect((await newLeg(matches).retrieve()).run.map(({ id }) => id)).toEqual(["0", "2", "1"]);
  });

  test("refuses a collection of another encoder, naming both", async ({ expect }) => {
    const { retrieve, asked } = newLeg([]);
    const collection = collectionOf({ encoderFingerprint: "e".repeat(64), encoderName: "other" });
    await expect(retrieve(collection)).rejects.toMatchObject({
      code: "fingerprint_mismatch",
      message: expect.stringMatching(/other \(e{64}\).*fake-encoder \(f{64}\)/u) as unknown,
    });
    expect(asked).toEqual([]);
  });

  test("refuses a collection of other dimensions", async ({ expect }) => {
    await expect(newLeg([]).retrieve(collectionOf({ dims: 8 }))).rejects.toMatchObject({
      code: "dims_mismatch",
      details: { expected: 8, got: 16 },
    });
  });
});
