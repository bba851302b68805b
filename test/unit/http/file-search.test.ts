import { describe, it } from "vitest";
import { fileSearchOptions } from "../../../src/http/file-search.ts";
import { type FileSearchTool, fileSearchToolSchema } from "../../../src/http/schemas/file-search.ts";

const toolOf = (more: object): FileSearchTool =>
  fileSearchToolSchema.parse({ type: "file_search", vector_store_ids: ["c"], ...more });
const eq = (key: string, value: unknown): object => ({ type: "eq", key, value });

describe("fileSearchOptions", () => {
  it.for<[string, object, object]>([
    ["a comparison", eq("a", 1), { a: { $eq: 1 } }],
    [
      "and",
      { type: "and", filters: [eq("a", "x"), { type: "gte", key: "b", value: 2 }] },
      { a: { $eq: "x" }, b: { $gte: 2 } },
    ],
    [
      "a range",
      {
        type: "and",
        filters: [
          { type: "gt", key: "a", value: 1 },
          { type: "lte", key: "a", value: 5 },
        ],
      },
      { a: { $gt: 1, $lte: 5 } },
    ],
    [
      "nested and",
      { type: "and", filters: [eq("a", 1), { type: "and", filters: [eq("b", true)] }] },
      { a: { $eq: 1 }, b: { $eq: true } },
    ],
    ["or over one key", { type: "or", filters: [eq("a", 1), eq("a", 2)] }, { a: { $in: [1, 2] } }],
    [
      "or inside and",
      { type: "and", filters: [eq("b", 1), { type: "or", filters: [eq("a", "x")] }] },
      { b: { $eq: 1 }, a: { $in: ["x"] } },
    ],
    ["in", { type: "in", key: "a", value: ["x", "y"] }, { a: { $in: ["x", "y"] } }],
  ])("translates %s", ([, filters, filter], { expect }) => {
    expect(fileSearchOptions(toolOf({ filters })).filter).toEqual(filter);
  });

  it.for<[string, object]>([
    ["or over two keys", { type: "or", filters: [eq("a", 1), eq("b", 1)] }],
    ["or over a range", { type: "or", filters: [{ type: "gt", key: "a", value: 1 }] }],
    ["a contradiction", { type: "and", filters: [eq("a", 1), eq("a", 2)] }],
    [
      "two operators that exclude each other",
      { type: "and", filters: [eq("a", 1), { type: "gt", key: "a", value: 0 }] },
    ],
    ["a list where one value belongs", eq("a", ["x"])],
    ["a key Vectorize has not", eq("$a", 1)],
  ])("refuses %s as invalid_filter", ([, filters], { expect }) => {
    expect(() => fileSearchOptions(toolOf({ filters }))).toThrowError(
      expect.objectContaining({ code: "invalid_filter" }),
    );
  });

  it("maps number, threshold and weights", ({ expect }) => {
    const ranking = (embedding: number, text: number): object => ({
      ranking_options: { score_threshold: 0.4, hybrid_search: { embedding_weight: embedding, text_weight: text } },
    });
    expect(fileSearchOptions(toolOf({ max_num_results: 7, ...ranking(1, 0) }))).toEqual({
      collection: "c",
      top_k: 7,
      min_score: 0.4,
      mode: "dense",
    });
    expect(fileSearchOptions(toolOf(ranking(0, 1))).mode).toBe("lexical");
    expect(fileSearchOptions(toolOf(ranking(0.7, 0.3))).mode).toBe("hybrid");
    expect(fileSearchOptions(toolOf({ ranking_options: { ranker: "auto", score_threshold: 0 } }))).not.toHaveProperty(
      "min_score",
    );
  });
});
