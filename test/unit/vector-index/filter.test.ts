import * as fc from "fast-check";
import { describe, it } from "vitest";
import { parseFilter, passesFilter } from "../../../src/vector-index/filter.ts";
import { createMetadataColumn } from "../../../src/vector-index/metadata-column.ts";
import { indexedValue, type MetadataIndexType } from "../../../src/vector-index/metadata.ts";
import type { VectorFilter, VectorFilterValue } from "../../../src/vector-index/vector-index.ts";

const strings = fc.constantFrom("", "a", "ab", "b", "net", "netflix", "neu", "é", "\u{1F600}", "\uFFFD", "1", "true");
const numbers = fc.oneof(fc.constantFrom(-1, 0, -0, 1, 1.5), fc.double({ noNaN: true, noDefaultInfinity: true }));
const scalars = fc.oneof(strings, numbers, fc.boolean());
const filterValues: fc.Arbitrary<VectorFilterValue> = fc.oneof(scalars, fc.constant(null));
const bound = fc.oneof(
  fc.tuple(strings, strings),
  fc.tuple(numbers, numbers).map(([a, b]): [number, number] => [a, b]),
);
const conditions = fc.oneof(
  filterValues,
  fc.record({ $eq: filterValues }),
  fc.record({ $ne: filterValues }),
  fc.record({ $in: fc.array(filterValues, { maxLength: 4 }) }),
  fc.record({ $nin: fc.array(filterValues, { maxLength: 4 }) }),
  bound.map(([value]) => ({ $lt: value })),
  bound.map(([value]) => ({ $lte: value })),
  bound.map(([low, high]) => ({ $gt: low, $lte: high })),
  bound.map(([low, high]) => ({ $gte: low, $lt: high })),
);

/** The naive reading of the documentation, operator by operator, over one property's value (undefined = none). */
function referencePasses(condition: unknown, value: unknown): boolean {
  if (typeof condition !== "object" || condition === null) {
    return same(condition, value);
  }
  return Object.entries(condition).every(([operator, operand]: [string, unknown]) => {
    const list: unknown[] = Array.isArray(operand) ? operand : [operand];
    switch (operator) {
      case "$eq":
      case "$in":
        return list.some((item) => same(item, value));
      case "$ne":
      case "$nin":
        return !list.some((item) => same(item, value));
      default:
        return inOrder(operator, value, operand);
    }
  });
}

function same(filterValue: unknown, value: unknown): boolean {
  return filterValue === null ? value === undefined : filterValue === value;
}

function inOrder(operator: string, value: unknown, operand: unknown): boolean {
  if (value === undefined || typeof value !== typeof operand || typeof value === "boolean") {
    return false;
  }
  const order =
    typeof value === "string"
      ? Buffer.compare(Buffer.from(value), Buffer.from(String(operand)))
      : Number(value) - Number(operand);
  return { $lt: order < 0, $lte: order <= 0, $gt: order > 0, $gte: order >= 0 }[operator] ?? false;
}

describe("passesFilter", () => {
  it("agrees with a naive reading of the operators", ({ expect }) => {
    fc.assert(
      fc.property(conditions, fc.option(scalars, { nil: undefined }), (condition, value) => {
        const [clause] = parseFilter({ property: condition });
        expect(clause && passesFilter(clause.test, value)).toBe(referencePasses(condition, value));
      }),
      { numRuns: 3000 },
    );
  });

  it.for<MetadataIndexType>(["string", "number", "boolean"])(
    "a column of type %s keeps the same slots",
    (type, { expect }) => {
      fc.assert(
        fc.property(
          conditions,
          fc.array(fc.option(scalars, { nil: undefined }), { maxLength: 30 }),
          (condition, values) => {
            const column = createMetadataColumn(type, values.length);
            const indexed = values.map((value) =>
              indexedValue({ property: value }, { propertyName: "property", indexType: type }),
            );
            for (const [slot, value] of indexed.entries()) {
              // Twice, over another value: rewriting must leave no trace.
              column.set(slot, "transient");
              column.set(slot, value);
            }
            const [clause] = parseFilter({ property: condition });
            const slots = Uint32Array.from(values.keys());
            const kept = clause === undefined ? 0 : column.keep(clause.test, slots, slots.length);
            const expected = [...indexed.keys()].filter((slot) => referencePasses(condition, indexed[slot]));
            expect([...slots.subarray(0, kept)]).toEqual(expected);
          },
        ),
        { numRuns: 500 },
      );
    },
  );
});

describe("parseFilter", () => {
  it.for<{ name: string; filter: VectorFilter }>([
    { name: "implicit $eq", filter: { streaming_platform: "netflix" } },
    { name: "explicit operator", filter: { someKey: { $ne: "hbo" } } },
    { name: "$in", filter: { someKey: { $in: ["hbo", "netflix"] } } },
    { name: "$nin", filter: { someKey: { $nin: ["hbo", "netflix"] } } },
    { name: "range", filter: { timestamp: { $gte: 1_734_242_400, $lt: 1_734_328_800 } } },
    { name: "prefix", filter: { someKey: { $gte: "net", $lt: "neu" } } },
    { name: "implicit AND and nesting", filter: { "pandas.nice": 42, someKey: { $ne: true } } },
    { name: "null", filter: { someKey: null } },
  ])("takes the documentation's example: $name", ({ filter }, { expect }) => {
    expect(parseFilter(filter).map(({ propertyName }) => propertyName)).toEqual(Object.keys(filter));
  });

  it.for<{ name: string; filter: unknown }>([
    { name: "not an object", filter: "country" },
    { name: "an array", filter: [] },
    { name: "empty", filter: {} },
    { name: "an empty key", filter: { "": 1 } },
    { name: "a key starting with $", filter: { $and: [] } },
    { name: 'a key with "', filter: { 'a"b': 1 } },
    { name: "an empty part of a path", filter: { "a..b": 1 } },
    { name: "a part starting with $", filter: { "a.$b": 1 } },
    { name: "a nested object", filter: { pandas: { nice: 42 } } },
    { name: "no operator", filter: { a: {} } },
    { name: "an unknown operator", filter: { a: { $regex: "x" } } },
    { name: "$eq beside a range", filter: { a: { $eq: 1, $lt: 3 } } },
    { name: "two lower bounds", filter: { a: { $gt: 1, $gte: 2 } } },
    { name: "$in without an array", filter: { a: { $in: "x" } } },
    { name: "$in of objects", filter: { a: { $in: [{}] } } },
    { name: "a range over booleans", filter: { a: { $lt: true } } },
    { name: "a range over null", filter: { a: { $gte: null } } },
    { name: "a range of mixed types", filter: { a: { $gt: 1, $lt: "b" } } },
    { name: "an array as value", filter: { a: ["x"] } },
    { name: "NaN", filter: { a: Number.NaN } },
  ])("refuses $name", ({ filter }, { expect }) => {
    expect(() => parseFilter(filter)).toThrow(expect.objectContaining({ code: "invalid_filter" }));
  });

  it.for([
    { length: 511, fits: true },
    { length: 512, fits: true },
    { length: 513, fits: false },
  ])("key of $length characters: $fits", ({ length, fits }, { expect }) => {
    const parse = (): unknown => parseFilter({ ["k".repeat(length)]: 1 });
    if (fits) {
      expect(parse()).toHaveLength(1);
    } else {
      expect(parse).toThrow("512");
    }
  });

  it.for([
    { bytes: 2046, fits: true },
    { bytes: 2047, fits: true },
    { bytes: 2048, fits: false },
  ])("compact JSON of $bytes bytes: $fits", ({ bytes, fits }, { expect }) => {
    // {"a":"é…"} is 8 bytes around the text; é is two bytes.
    const text = "é".repeat(3) + "x".repeat(bytes - 8 - 6);
    const parse = (): unknown => parseFilter({ a: text });
    if (fits) {
      expect(parse()).toHaveLength(1);
    } else {
      expect(parse).toThrow("less than 2048 bytes, got 2048 bytes");
    }
  });
});
