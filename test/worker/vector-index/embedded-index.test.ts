import { reset, runInDurableObject } from "cloudflare:test";
import { beforeEach, describe, it } from "vitest";
import { EmbeddedIndex } from "../../../src/platform/embedded-index.ts";
import { VectorStore } from "../../../src/platform/vector-store.ts";
import type { VectorMetric } from "../../../src/vector-index/similarity.ts";
import { vectorShard } from "./local-bindings.ts";
import { clock, withIndex } from "./with-index.ts";

/** The vectors and metadata of Vectorize's own documentation (reference/metadata-filtering). */
const documented = [
  { id: "1", values: [32.4, 74.1, 3.2], metadata: { url: "/products/sku/13913913", streaming_platform: "netflix" } },
  { id: "2", values: [15.1, 19.2, 15.8], metadata: { url: "/products/sku/10148191", streaming_platform: "hbo" } },
  { id: "3", values: [0.16, 1.2, 3.8], metadata: { url: "/products/sku/97913813", streaming_platform: "amazon" } },
  { id: "4", values: [75.1, 67.1, 29.9], metadata: { url: "/products/sku/418313", streaming_platform: "netflix" } },
  { id: "5", values: [58.8, 6.7, 3.4], metadata: { url: "/products/sku/55519183", streaming_platform: "hbo" } },
];
const documentedQuery = [54.8, 5.5, 3.1];

beforeEach(async () => {
  await reset();
});

describe("Vectorize's documented example", () => {
  it("gives the documented matches", async ({ expect }) => {
    await withIndex((open) => {
      const index = open({ metadataIndexes: { url: "string", streaming_platform: "string" } });
      index.write("upsert", documented);
      const all = index.query(documentedQuery, { topK: 3, returnValues: true, returnMetadata: "all" });
      expect(all).toEqual({
        count: 3,
        matches: [
          {
            id: "5",
            score: expect.closeTo(0.999909486, 6),
            values: [58.79999923706055, 6.699999809265137, 3.4000000953674316],
            metadata: { url: "/products/sku/55519183", streaming_platform: "hbo" },
          },
          expect.objectContaining({ id: "4", score: expect.closeTo(0.789848214, 6) }),
          expect.objectContaining({ id: "2", score: expect.closeTo(0.611976262, 6) }),
        ],
      });
      const netflix = index.query(documentedQuery, { topK: 3, filter: { streaming_platform: "netflix" } });
      expect(netflix.matches).toEqual([
        { id: "4", score: expect.closeTo(0.789848214, 6) },
        { id: "1", score: expect.closeTo(0.491185264, 6) },
      ]);
    });
  });

  it.for<{ metric: VectorMetric; scores: readonly [string, number][] }>([
    {
      metric: "cosine",
      scores: [
        ["same", 1],
        ["near", Math.SQRT1_2],
        ["opposite", -1],
      ],
    },
    {
      metric: "euclidean",
      scores: [
        ["same", 0],
        ["near", 1],
        ["opposite", 4],
      ],
    },
    {
      metric: "dot-product",
      scores: [
        ["same", -4],
        ["near", -4],
        ["opposite", 4],
      ],
    },
  ])("$metric scores run in Vectorize's direction", async ({ metric, scores }, { expect }) => {
    await withIndex((open) => {
      const index = open({ metric });
      const near = metric === "cosine" ? [1, 1, 0] : [2, 1, 0];
      index.write("upsert", [
        { id: "same", values: [2, 0, 0] },
        { id: "near", values: near },
        { id: "opposite", values: [-2, 0, 0] },
      ]);
      const { matches } = index.query([2, 0, 0], {});
      expect(matches).toEqual(scores.map(([id, score]) => ({ id, score: expect.closeTo(score, 6) })));
    });
  });
});

describe("limits that depend on what is stored", () => {
  const numbered = (count: number, first = 0): object[] =>
    Array.from({ length: count }, (_, i) => ({
      id: String(first + i),
      values: [1, first + i, 0],
      namespace: `n${first + i}`,
    }));

  it("is full at its capacity, names the way out, and takes replacements still", async ({ expect }) => {
    await withIndex((open) => {
      const index = open({ capacity: 10 });
      index.write("upsert", numbered(9));
      expect(() => index.write("upsert", numbered(2, 9))).toThrow(
        expect.objectContaining({
          code: "index_full",
          message: expect.stringMatching(
            /at most 10 vectors of 3 dimensions \(9 are in, this call adds 2\).*wrangler vectorize create aar --dimensions=3 --metric=cosine/,
          ),
        }),
      );
      index.write("upsert", numbered(1, 9));
      expect(() => index.write("insert", numbered(1, 10))).toThrow("Use Vectorize");
      index.write("upsert", numbered(10));
      index.deleteByIds(["3"]);
      index.write("insert", numbered(1, 10));
      expect(index.describe().vectorCount).toBe(10);
      expect(index.query([1, 10, 0], { topK: 1, namespace: "n10" }).matches[0]?.id).toBe("10");
    });
  });

  it("takes 1,000 namespaces on the free plan and gives emptied ones back", async ({ expect }) => {
    await withIndex((open) => {
      const index = open({ plan: "free", capacity: 2000 });
      index.write("upsert", numbered(999));
      index.write("upsert", numbered(1, 999));
      expect(() => index.write("upsert", numbered(1, 1000))).toThrow(
        "max namespace count is 1000 on the free plan, got 1001",
      );
      index.deleteByIds(["17"]);
      index.write("upsert", numbered(1, 1000));
      expect(open({ plan: "free" }).query([1, 1, 1], { namespace: "n1000" }).count).toBe(1);
    });
  });

  it("takes 50,000 namespaces on the paid plan", async ({ expect }) => {
    await withIndex((open, sql) => {
      open();
      // As 49,999 vectors would have left them; writing those takes seconds.
      sql.exec(
        "INSERT INTO namespaces (name) WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 49999) SELECT 'x' || i FROM n",
      );
      const index = open();
      index.write("upsert", numbered(1));
      expect(() => index.write("upsert", numbered(1, 1))).toThrow(
        "max namespace count is 50000 on the paid plan, got 50001",
      );
      index.write("upsert", [{ id: "known", values: [1, 2, 3], namespace: "x777" }]);
      expect(index.query([1, 2, 3], { namespace: "x777" }).matches[0]?.id).toBe("known");
    });
  });
});

describe("the settings against what is stored", () => {
  it("refuses other dimensions or another metric while there is data, and takes them when it is gone", async ({
    expect,
  }) => {
    await withIndex((open) => {
      open().write("upsert", [{ id: "a", values: [1, 2, 3] }]);
      expect(() => open({ dimensions: 4 })).toThrow(
        "holds vectors of 3 dimensions, cosine, EMBEDDED_VECTORIZE says 4 dimensions, cosine",
      );
      expect(() => open({ metric: "euclidean" })).toThrow(expect.objectContaining({ code: "configuration_invalid" }));
      open().deleteByIds(["a"]);
      open({ dimensions: 4 }).write("upsert", [{ id: "a", values: [1, 2, 3, 4] }]);
      expect(open({ dimensions: 4 }).describe()).toMatchObject({ vectorCount: 1, dimensions: 4 });
    });
  });

  it("refuses another type for a metadata index that exists", async ({ expect }) => {
    await withIndex((open) => {
      open({ metadataIndexes: { year: "number" } });
      expect(() => open({ metadataIndexes: { year: "string" } })).toThrow('metadata index "year" is of type number');
    });
  });
});

describe("visibilityDelayMs", () => {
  it("shows mutations in their order when their time has come, and says so", async ({ expect }) => {
    await withIndex((open) => {
      const index = open({ visibilityDelayMs: 1000, metadataIndexes: { year: "number" } });
      const first = index.write("upsert", [{ id: "a", values: [1, 0, 0], namespace: "n", metadata: { year: 1 } }]);
      clock.now += 600;
      const second = index.deleteByIds(["a"]);
      expect(index.describe()).toMatchObject({ vectorCount: 0, processedUpToMutation: "" });
      clock.now += 399;
      expect(index.query([1, 0, 0], {}).count).toBe(0);
      clock.now += 1;
      expect(index.query([1, 0, 0], { filter: { year: { $gte: 1 } }, namespace: "n" }).matches[0]?.id).toBe("a");
      expect(index.describe()).toMatchObject({ vectorCount: 1, processedUpToMutation: first.mutationId });
      clock.now += 600;
      expect(index.describe()).toMatchObject({
        vectorCount: 0,
        processedUpToMutation: second.mutationId,
        processedUpToDatetime: new Date(clock.now).toISOString(),
      });
    });
  });

  it("keeps what waits over a restart, in order even when the delay is switched off", async ({ expect }) => {
    await withIndex((open) => {
      open({ visibilityDelayMs: 1000 }).write("upsert", [{ id: "a", values: [1, 0, 0] }]);
      const reopened = open();
      reopened.write("upsert", [{ id: "a", values: [0, 1, 0] }]);
      expect(reopened.getByIds(["a"])).toEqual([]);
      clock.now += 1000;
      expect(reopened.getByIds(["a"])).toEqual([{ id: "a", values: [0, 1, 0] }]);
    });
  });

  it("counts what waits against the capacity", async ({ expect }) => {
    await withIndex((open) => {
      const index = open({ visibilityDelayMs: 1000, capacity: 1 });
      index.write("upsert", [{ id: "a", values: [1, 0, 0] }]);
      expect(() => index.write("upsert", [{ id: "b", values: [1, 0, 0] }])).toThrow("1 are in, this call adds 1");
    });
  });
});

describe("an id twice in one call", () => {
  it("holds its last upsert, its first insert, and goes away once", async ({ expect }) => {
    await withIndex((open) => {
      const index = open();
      const twice = [
        { id: "a", values: [1, 0, 0] },
        { id: "a", values: [0, 1, 0] },
      ];
      index.write("upsert", twice);
      expect(index.getByIds(["a"])).toEqual([{ id: "a", values: [0, 1, 0] }]);
      index.deleteByIds(["a", "a"]);
      expect(index.describe().vectorCount).toBe(0);
      index.write("insert", twice);
      expect(index.getByIds(["a"])).toEqual([{ id: "a", values: [1, 0, 0] }]);
      expect(index.describe().vectorCount).toBe(1);
    });
  });
});

describe("a transaction that fails", () => {
  it("leaves store and memory as they were", async ({ expect }) => {
    await runInDurableObject(vectorShard("failing"), (_, { storage }) => {
      let fails = false;
      const index = new EmbeddedIndex({
        store: new VectorStore(storage.sql),
        settings: { dimensions: 3, metric: "cosine", metadataIndexes: {}, visibilityDelayMs: 0, plan: "paid" },
        transaction: (write) => {
          storage.transactionSync(() => {
            write();
            if (fails) {
              throw new Error("disk full");
            }
          });
        },
        now: () => clock.now,
        newMutationId: () => "m",
      });
      index.write("upsert", [{ id: "a", values: [1, 0, 0] }]);
      fails = true;
      expect(() =>
        index.write("upsert", [
          { id: "a", values: [0, 1, 0] },
          { id: "b", values: [0, 1, 0] },
        ]),
      ).toThrow("disk full");
      fails = false;
      expect(index.query([0, 1, 0], {}).matches).toEqual([{ id: "a", score: 0 }]);
      expect(index.describe().vectorCount).toBe(1);
    });
  });
});
