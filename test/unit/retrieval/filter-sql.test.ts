import * as fc from "fast-check";
import { describe, test } from "vitest";
import { compileFilter } from "../../../src/retrieval/filter-sql.ts";
import { filterableMetadata } from "../../../src/retrieval/filterable-metadata.ts";
import { parseFilter, passesFilter } from "../../../src/vector-index/filter.ts";
import { indexedValue, METADATA_INDEX_TYPES } from "../../../src/vector-index/metadata.ts";
import type { VectorFilter, VectorMetadata } from "../../../src/vector-index/vector-index.ts";
import { openNodeSqliteDatabase } from "../../../training/artifacts/node-sqlite-database.ts";
import { filterArbitrary, metadataArbitrary } from "../../support/filter-arbitraries.ts";

const database = await openNodeSqliteDatabase(":memory:");

async function passesInSql(filter: VectorFilter, metadata: VectorMetadata): Promise<unknown> {
  const condition = compileFilter(filter, { metadata: "?1", firstParam: 2 });
  const json = JSON.stringify(filterableMetadata(metadata) ?? metadata);
  const [row] = await database.query({ sql: `SELECT ${condition.sql} AS passes`, params: [json, ...condition.params] });
  return row?.["passes"];
}

/** What the vector index decides when every property has an index of its value's type. */
function passesInIndex(filter: VectorFilter, metadata: VectorMetadata): boolean {
  return parseFilter(filter).every(({ propertyName, test }) => {
    const value = METADATA_INDEX_TYPES.map((indexType) => indexedValue(metadata, { propertyName, indexType }));
    return passesFilter(
      test,
      value.find((candidate) => candidate !== undefined),
    );
  });
}

describe("compileFilter", () => {
  test("decides as the vector index does, for any filter and metadata", async ({ expect }) => {
    await fc.assert(
      fc.asyncProperty(filterArbitrary, metadataArbitrary, async (filter, metadata) => {
        expect(await passesInSql(filter, metadata)).toBe(passesInIndex(filter, metadata) ? 1 : 0);
      }),
      { numRuns: 5_000 },
    );
  });

  test.for<[string, VectorFilter, VectorMetadata, 0 | 1]>([
    ["a bare value is $eq", { a: "x" }, { a: "x" }, 1],
    ["types never mix", { a: 1 }, { a: "1" }, 0],
    ["true is not 1", { a: { $in: [1, "true"] } }, { a: true }, 0],
    ["a missing key passes $ne", { a: { $ne: "x" } }, {}, 1],
    ["a missing key passes $nin", { a: { $nin: ["x"] } }, {}, 1],
    ["a missing key fails $in", { a: { $in: ["x"] } }, {}, 0],
    ["a missing key is null", { a: null }, {}, 1],
    ["an array is null", { a: { $eq: "x" } }, { a: ["x"] }, 0],
    ["a missing key fails a range", { a: { $lt: 5 } }, {}, 0],
    ["a dot descends", { "a.b": { $gte: 2, $lt: 3 } }, { a: { b: 2 } }, 1],
    ["a dot never descends into an array", { "a.0": "x" }, { a: ["x"] }, 0],
    ["strings order by code point", { a: { $gt: "\u{fffd}" } }, { a: "\u{1f600}" }, 1],
    ["prefix range", { a: { $gte: "net", $lt: "neu" } }, { a: "network" }, 1],
    ["strings count up to 64 bytes", { a: "x".repeat(64) }, { a: "x".repeat(70) }, 1],
    ["a NUL in the filter does not cut it short", { a: "a\0b" }, { a: "a" }, 0],
    ["keys are quoted", { "a' OR 1=1 --": "x" }, { a: "x" }, 0],
    ["clauses are ANDed", { a: 1, b: 2 }, { a: 1, b: 3 }, 0],
  ])("%s", async ([, filter, metadata, expected], { expect }) => {
    expect(await passesInSql(filter, metadata)).toBe(expected);
  });

  test("binds few parameters, whatever the filter's lists hold", ({ expect }) => {
    const list = Array.from({ length: 200 }, (_value, index) => index);
    expect(compileFilter({ a: { $in: list } }, { metadata: "m", firstParam: 4 }).params).toHaveLength(2);
  });

  test("stays within D1's 100 parameters, and refuses what would not", ({ expect }) => {
    const filterOf = (count: number): VectorFilter =>
      Object.fromEntries(Array.from({ length: count }, (_clause, index) => [`k${index}`, { $gte: 1, $lt: 2 }]));
    expect(compileFilter(filterOf(30), { metadata: "m", firstParam: 4 }).params.length).toBeLessThanOrEqual(97);
    expect(() => compileFilter(filterOf(31), { metadata: "m", firstParam: 4 })).toThrow(
      expect.objectContaining({ code: "invalid_filter", details: { limit: 30, got: 31 } }),
    );
  });

  test("refuses what Vectorize's grammar does not have", ({ expect }) => {
    expect(() => compileFilter({ a: { $regex: "x" } } as VectorFilter, { metadata: "m", firstParam: 1 })).toThrow(
      expect.objectContaining({ code: "invalid_filter" }),
    );
  });
});
