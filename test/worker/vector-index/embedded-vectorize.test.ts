import { evictDurableObject, reset } from "cloudflare:test";
import { beforeEach, describe, it } from "vitest";
import { seededUnitVectors } from "../../support/seeded-unit-vectors.ts";
import { vectorize, vectorShard } from "./local-bindings.ts";

const DIMENSIONS = 384;
const vectors = seededUnitVectors({ count: 1200, dimensions: DIMENSIONS, seed: 42 });

/** The message of what a call throws. RPC promises are wrapped: `expect(…).rejects` would call one, they are callable. */
async function refusal(call: () => Promise<unknown>): Promise<string> {
  try {
    await call();
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  return "no refusal";
}

function unit(axis: number): Float32Array {
  const values = new Float32Array(DIMENSIONS);
  values[axis] = 1;
  return values;
}

beforeEach(async () => {
  await reset();
});

describe("env.VECTORIZE", () => {
  it("answers before anything was written", async ({ expect }) => {
    expect(await vectorize.describe()).toEqual({
      vectorCount: 0,
      dimensions: DIMENSIONS,
      processedUpToDatetime: "",
      processedUpToMutation: "",
    });
    expect(await vectorize.query(unit(0))).toEqual({ matches: [], count: 0 });
    expect(await vectorize.getByIds(["a"])).toEqual([]);
  });

  it("finds the five nearest by cosine and says what was processed", async ({ expect }) => {
    const { mutationId } = await vectorize.upsert(vectors.slice(0, 1000).map((values, i) => ({ id: `v${i}`, values })));
    const { matches, count } = await vectorize.query(vectors[7] ?? unit(0));
    expect(count).toBe(5);
    expect(matches[0]).toEqual({ id: "v7", score: expect.closeTo(1, 6) });
    expect(matches.map(({ score }) => score)).toEqual(matches.map(({ score }) => score).toSorted((a, b) => b - a));
    const info = await vectorize.describe();
    expect(info).toMatchObject({ vectorCount: 1000, processedUpToMutation: mutationId });
    expect(Date.parse(info.processedUpToDatetime)).toBeGreaterThan(0);
  });

  it("takes number arrays and typed arrays alike", async ({ expect }) => {
    const values = vectors[0] ?? unit(0);
    await vectorize.upsert([
      { id: "typed", values },
      { id: "plain", values: [...values] },
    ]);
    const { matches } = await vectorize.query([...values]);
    expect(matches.map(({ score }) => score)).toEqual([matches[0]?.score, matches[0]?.score]);
  });

  it("returns values, namespace and metadata as asked", async ({ expect }) => {
    const title = `${"x".repeat(63)}é and more`;
    const metadata = { country: "France", section: title, population: 68, tags: ["a"], nested: { deep: true } };
    await vectorize.upsert([{ id: "a", values: unit(1), namespace: "atlas", metadata }]);
    const ask = async (options: object): Promise<unknown> => (await vectorize.query(unit(1), options)).matches;
    const plain = { id: "a", score: 1, namespace: "atlas" };
    expect(await ask({})).toEqual([plain]);
    expect(await ask({ returnMetadata: "all" })).toEqual([{ ...plain, metadata }]);
    expect(await ask({ returnMetadata: true, returnValues: true })).toEqual([
      { ...plain, metadata, values: [...unit(1)] },
    ]);
    expect(await ask({ returnMetadata: "indexed" })).toEqual([
      { ...plain, metadata: { country: "France", section: "x".repeat(63) } },
    ]);
    expect(await vectorize.getByIds(["unknown", "a"])).toEqual([
      { id: "a", values: [...unit(1)], namespace: "atlas", metadata },
    ]);
  });

  it("searches one namespace, or all of them", async ({ expect }) => {
    await vectorize.upsert([
      { id: "n1", values: unit(1), namespace: "one" },
      { id: "n2", values: unit(1), namespace: "two" },
      { id: "n0", values: unit(1) },
    ]);
    const found = async (options: object): Promise<string[]> =>
      (await vectorize.query(unit(1), options)).matches.map(({ id }) => id).toSorted();
    expect(await found({ namespace: "one" })).toEqual(["n1"]);
    expect(await found({ namespace: "three" })).toEqual([]);
    expect(await found({})).toEqual(["n0", "n1", "n2"]);
    await vectorize.upsert([{ id: "n1", values: unit(1), namespace: "two" }]);
    expect(await found({ namespace: "one" })).toEqual([]);
    expect(await found({ namespace: "two" })).toEqual(["n1", "n2"]);
  });

  it("filters before it takes the top k", async ({ expect }) => {
    const countries = ["France", "Chad", "Peru"];
    await vectorize.upsert(
      vectors
        .slice(0, 300)
        .map((values, i) => ({ id: `v${i}`, values, metadata: { country: countries[i % 3] ?? "" } })),
    );
    const { matches } = await vectorize.query(vectors[0] ?? unit(0), { topK: 100, filter: { country: "Chad" } });
    expect(matches.map(({ id }) => Number(id.slice(1)) % 3)).toEqual(Array.from({ length: 100 }, () => 1));
    const others = await vectorize.query(vectors[0] ?? unit(0), { topK: 100, filter: { country: { $gte: "D" } } });
    expect(new Set(others.matches.map(({ id }) => Number(id.slice(1)) % 3))).toEqual(new Set([0, 2]));
  });

  it("matches nothing, silently, by a property without an index", async ({ expect }) => {
    await vectorize.upsert([{ id: "a", values: unit(1), metadata: { color: "red" } }]);
    expect((await vectorize.query(unit(1), { filter: { color: "red" } })).count).toBe(0);
    expect((await vectorize.query(unit(1), { filter: { color: { $ne: "red" } } })).count).toBe(1);
  });

  it("indexes only what is written after the metadata index was made", async ({ expect }) => {
    const record = { values: unit(1), metadata: { color: "red" } };
    const found = async (): Promise<string[]> =>
      (await vectorize.query(unit(1), { filter: { color: "red" } })).matches.map(({ id }) => id);
    await vectorize.upsert([{ id: "old", ...record }]);
    await vectorize.createMetadataIndex({ propertyName: "color", indexType: "string" });
    await vectorize.upsert([{ id: "new", ...record }]);
    expect(await found()).toEqual(["new"]);
    await vectorize.upsert([{ id: "old", ...record }]);
    expect((await found()).toSorted()).toEqual(["new", "old"]);
    await vectorize.deleteMetadataIndex({ propertyName: "color" });
    expect(await found()).toEqual([]);
    await vectorize.createMetadataIndex({ propertyName: "color", indexType: "string" });
    expect(await found()).toEqual([]);
    expect(await vectorize.listMetadataIndexes()).toEqual({
      metadataIndexes: ["country", "region", "section", "color"].map((propertyName) => ({
        propertyName,
        indexType: "string",
      })),
    });
  });

  it("takes ten metadata indexes and refuses the eleventh, a double and a bad one", async ({ expect }) => {
    for (let i = 4; i <= 10; i += 1) {
      await vectorize.createMetadataIndex({ propertyName: `p${i}`, indexType: "number" });
    }
    const create = (propertyName: string): Promise<unknown> =>
      vectorize.createMetadataIndex({ propertyName, indexType: "number" });
    expect(await refusal(() => create("p11"))).toBe(
      "METADATA_INDEX_ERROR (code = 49005): max metadata index count is 10",
    );
    expect(await refusal(() => create("p4"))).toContain("exists already");
    expect(await refusal(() => create("$p"))).toContain('starts with "$"');
    expect(await refusal(() => vectorize.deleteMetadataIndex({ propertyName: "p11" }))).toContain(
      'no metadata index "p11"',
    );
  });

  it("insert keeps what is there, upsert replaces it in full, deleteByIds removes it", async ({ expect }) => {
    await vectorize.insert([{ id: "a", values: unit(1), metadata: { country: "Peru" } }]);
    await vectorize.insert([
      { id: "a", values: unit(2) },
      { id: "b", values: unit(3) },
    ]);
    expect(await vectorize.getByIds(["b", "a"])).toMatchObject([
      { id: "b" },
      { id: "a", values: [...unit(1)], metadata: { country: "Peru" } },
    ]);
    await vectorize.upsert([{ id: "a", values: unit(2) }]);
    expect(await vectorize.getByIds(["a"])).toEqual([{ id: "a", values: [...unit(2)] }]);
    const { mutationId } = await vectorize.deleteByIds(["a", "never there"]);
    expect(await vectorize.getByIds(["a"])).toEqual([]);
    expect((await vectorize.query(unit(2))).matches.map(({ id }) => id)).toEqual(["b"]);
    expect(await vectorize.describe()).toMatchObject({ vectorCount: 1, processedUpToMutation: mutationId });
  });

  it("queries by id", async ({ expect }) => {
    await vectorize.upsert(vectors.slice(0, 20).map((values, i) => ({ id: `v${i}`, values })));
    const byId = await vectorize.queryById("v3", { topK: 7 });
    expect(byId).toEqual(await vectorize.query(vectors[3] ?? unit(0), { topK: 7 }));
    expect(await refusal(() => vectorize.queryById("v99"))).toBe(
      'VECTOR_QUERY_ERROR (code = 49007): no vector with id="v99"',
    );
  });

  it("lists ids page by page", async ({ expect }) => {
    await vectorize.upsert(vectors.slice(0, 1000).map((values, i) => ({ id: `v${i}`, values })));
    await vectorize.upsert(vectors.slice(1000).map((values, i) => ({ id: `w${i}`, values })));
    const ids: string[] = [];
    let cursor: string | null = null;
    const counts: number[] = [];
    do {
      const page: { vectors: { id: string }[]; count: number; totalCount: number; nextCursor: string | null } =
        await vectorize.listVectors({ count: 500, cursor });
      ids.push(...page.vectors.map(({ id }) => id));
      counts.push(page.count);
      cursor = page.nextCursor;
    } while (cursor !== null);
    expect(counts).toEqual([500, 500, 200]);
    expect(new Set(ids).size).toBe(1200);
  });

  it("refuses in the words of Vectorize, each operation under its own name, and loses nothing", async ({ expect }) => {
    await vectorize.upsert([{ id: "a", values: unit(1) }]);
    const short = new Float32Array(3);
    expect(await refusal(() => vectorize.query(short))).toBe(
      "VECTOR_QUERY_ERROR (code = 40006): invalid query vector, expected 384 dimensions, and got 3 dimensions",
    );
    expect(await refusal(() => vectorize.query(unit(1), { topK: 60, returnMetadata: "all" }))).toContain(
      "VECTOR_QUERY_ERROR (code = 40025): with returnValues=true or returnMetadata=all, max top K is 50, but got 60",
    );
    expect(
      await refusal(() =>
        vectorize.upsert([
          { id: "b", values: unit(1) },
          { id: "c", values: short },
        ]),
      ),
    ).toBe(
      'VECTOR_UPSERT_ERROR (code = 40012): invalid vector for id="c", expected 384 dimensions, and got 3 dimensions',
    );
    expect(await refusal(() => vectorize.insert([{ id: "i".repeat(71), values: unit(1) }]))).toBe(
      "VECTOR_INSERT_ERROR (code = 40008): id too long; max is 64 bytes, got 71 bytes",
    );
    expect(await refusal(() => vectorize.getByIds(Array.from({ length: 34 }, (_, i) => `${i}`)))).toBe(
      "VECTOR_GET_ERROR (code = 40007): too many ids in payload; max id count is 20, got 34",
    );
    expect(await refusal(() => vectorize.deleteByIds(Array.from({ length: 105 }, (_, i) => `${i}`)))).toBe(
      "VECTOR_DELETE_ERROR (code = 40007): too many ids in payload; max id count is 100, got 105",
    );
    expect((await vectorize.describe()).vectorCount).toBe(1);
  });

  it("survives the object's eviction, deletions and all", async ({ expect }) => {
    const metadata = { country: "Chad", region: "Africa" };
    await vectorize.upsert(
      vectors.slice(0, 1000).map((values, i) => ({ id: `v${i}`, values, namespace: `n${i % 2}`, metadata })),
    );
    await vectorize.deleteByIds(["v0", "v500", "v999"]);
    const options = { topK: 20, namespace: "n1", returnMetadata: "indexed", filter: { region: "Africa" } } as const;
    const ask = async (): Promise<unknown> => [
      await vectorize.query(vectors[5] ?? unit(0), options),
      await vectorize.describe(),
      await vectorize.listMetadataIndexes(),
    ];
    const before = await ask();
    await evictDurableObject(vectorShard("0"));
    expect(await ask()).toEqual(before);
    // Freed slots are used again after the restart, without disturbing others.
    await vectorize.upsert(vectors.slice(1000, 1010).map((values, i) => ({ id: `w${i}`, values })));
    expect((await vectorize.describe()).vectorCount).toBe(1007);
    expect((await vectorize.query(vectors[1004] ?? unit(0), { topK: 1 })).matches[0]?.id).toBe("w4");
    expect((await vectorize.query(vectors[998] ?? unit(0), { topK: 1 })).matches[0]?.id).toBe("v998");
  });
});
