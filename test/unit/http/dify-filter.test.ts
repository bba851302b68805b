import { describe, it } from "vitest";
import { difyFilter } from "../../../src/http/dify-filter.ts";
import type { DifyCondition } from "../../../src/http/schemas/dify.ts";

const is = (name: string, value: string): DifyCondition => ({ name, comparison_operator: "is", value });

describe("difyFilter", () => {
  it.for<[DifyCondition, object]>([
    [is("country", "Norway"), { country: { $eq: "Norway" } }],
    [{ name: "country", comparison_operator: "is not", value: "Norway" }, { country: { $ne: "Norway" } }],
    [{ name: "country", comparison_operator: "in", value: ["a", "b"] }, { country: { $in: ["a", "b"] } }],
    [{ name: "country", comparison_operator: "in", value: "a" }, { country: { $in: ["a"] } }],
    [{ name: "country", comparison_operator: "not in", value: ["a"] }, { country: { $nin: ["a"] } }],
    [{ name: "year", comparison_operator: "=", value: "2024" }, { year: { $eq: 2024 } }],
    [{ name: "year", comparison_operator: "≠", value: 2024 }, { year: { $ne: 2024 } }],
    [{ name: "year", comparison_operator: "≥", value: 2024 }, { year: { $gte: 2024 } }],
    [{ name: "year", comparison_operator: "<", value: "1.5" }, { year: { $lt: 1.5 } }],
    [{ name: "day", comparison_operator: "before", value: "2024-01-01" }, { day: { $lt: "2024-01-01" } }],
    [{ name: "day", comparison_operator: "after", value: 1_700_000_000 }, { day: { $gt: 1_700_000_000 } }],
    [{ name: "id", comparison_operator: "start with", value: "ab" }, { id: { $gte: "ab", $lt: "ab\u{10FFFF}" } }],
  ])("translates %j", ([condition, filter], { expect }) => {
    expect(difyFilter({ conditions: [condition] })).toEqual(filter);
  });

  it("joins conditions by and, and those of one name by or", ({ expect }) => {
    const conditions = [is("country", "Norway"), { name: "year", comparison_operator: ">", value: 2000 } as const];
    expect(difyFilter({ conditions })).toEqual({ country: { $eq: "Norway" }, year: { $gt: 2000 } });
    expect(difyFilter({ logical_operator: "or", conditions: [is("a", "x"), is("a", "y")] })).toEqual({
      a: { $in: ["x", "y"] },
    });
  });

  it("is none without conditions", ({ expect }) => {
    expect(difyFilter({})).toBeUndefined();
    expect(difyFilter({ conditions: [] })).toBeUndefined();
  });

  it.for<[string, DifyCondition[]]>([
    ["contains", [{ name: "a", comparison_operator: "contains", value: "x" }]],
    ["not empty", [{ name: "a", comparison_operator: "not empty" }]],
    ["an operator without its value", [{ name: "a", comparison_operator: "is" }]],
    ["a list where one value belongs", [{ name: "a", comparison_operator: "is", value: ["x"] }]],
    ["a text where a number belongs", [{ name: "a", comparison_operator: ">", value: "many" }]],
    ["nothing where a number belongs", [{ name: "a", comparison_operator: ">", value: " " }]],
    ["an empty beginning", [{ name: "a", comparison_operator: "start with", value: "" }]],
    ["a key Vectorize has not", [is("$a", "x")]],
  ])("refuses %s, naming the field", ([, conditions], { expect }) => {
    expect(() => difyFilter({ conditions })).toThrowError(
      expect.objectContaining({
        code: "invalid_filter",
        details: expect.objectContaining({ param: "metadata_condition" }),
      }),
    );
  });

  it("refuses or over two names", ({ expect }) => {
    expect(() => difyFilter({ logical_operator: "or", conditions: [is("a", "x"), is("b", "x")] })).toThrowError(
      expect.objectContaining({ code: "invalid_filter" }),
    );
  });
});
