import { describe, it } from "vitest";
import type { AppError } from "../../../src/shared/errors.ts";
import { parseEmbeddedIndexSettings } from "../../../src/vector-index/embedded-index-settings.ts";
import { embeddedCapacity } from "../../../src/vector-index/limits.ts";
import { parseListOptions } from "../../../src/vector-index/list-options.ts";
import { parseQueryOptions } from "../../../src/vector-index/query-options.ts";
import { parseIds, parseQueryVector, parseVectors } from "../../../src/vector-index/vector-input.ts";

interface LimitCase {
  readonly name: string;
  readonly call: () => unknown;
  /** The refusal's message, or undefined when the call is fine. */
  readonly refusal?: string;
  readonly vectorizeCode?: number;
}

const DIMENSIONS = 3;
const vector = { id: "a", values: [1, 2, 3] };
const parse = (extra: object): unknown => parseVectors([{ ...vector, ...extra }], DIMENSIONS);
/** `{"a":"…"}` is 8 bytes around the text. */
const metadataOf = (bytes: number): object => ({ metadata: { a: "x".repeat(bytes - 8) } });
const batch = (size: number): unknown[] => Array.from({ length: size }, (_, i) => ({ ...vector, id: String(i) }));
const ids = (count: number): string[] => Array.from({ length: count }, (_, i) => String(i));
const oversized = (id: string, bytes: number): string =>
  `oversized metadata for vector id="${id}"; the compact JSON representation of the metadata must not exceed 10240 bytes, got ${bytes} bytes`;
const topKWithPayload =
  "with returnValues=true or returnMetadata=all, max top K is 50, but got 51; for a top K up to 100, retry with returnValues=false and returnMetadata=indexed";

const cases: readonly LimitCase[] = [
  { name: "id of 63 bytes", call: () => parse({ id: "i".repeat(63) }) },
  { name: "id of 64 bytes", call: () => parse({ id: "i".repeat(64) }) },
  {
    name: "id of 65 bytes",
    call: () => parse({ id: "i".repeat(65) }),
    refusal: "id too long; max is 64 bytes, got 65 bytes",
    vectorizeCode: 40008,
  },
  {
    name: "id of 33 characters in 66 bytes",
    call: () => parse({ id: "é".repeat(33) }),
    refusal: "id too long; max is 64 bytes, got 66 bytes",
    vectorizeCode: 40008,
  },
  { name: "namespace of 64 bytes", call: () => parse({ namespace: "n".repeat(64) }) },
  {
    name: "namespace of 65 bytes",
    call: () => parse({ namespace: "n".repeat(65) }),
    refusal: "namespace too long; max is 64 bytes, got 65 bytes",
    vectorizeCode: 40009,
  },
  { name: "metadata of 10,239 bytes", call: () => parse(metadataOf(10_239)) },
  { name: "metadata of 10,240 bytes", call: () => parse(metadataOf(10_240)) },
  {
    name: "metadata of 10,241 bytes",
    call: () => parse(metadataOf(10_241)),
    refusal: oversized("a", 10_241),
    vectorizeCode: 40016,
  },
  {
    name: "metadata of 5,117 two-byte characters",
    call: () => parse({ metadata: { a: "é".repeat(5117) } }),
    refusal: oversized("a", 10_242),
    vectorizeCode: 40016,
  },
  { name: "metadata key of 512 characters", call: () => parse({ metadata: { ["k".repeat(512)]: 1 } }) },
  {
    name: "metadata key of 513 characters",
    call: () => parse({ metadata: { ["k".repeat(513)]: 1 } }),
    refusal: "longer than 512",
    vectorizeCode: 40018,
  },
  { name: "empty metadata key", call: () => parse({ metadata: { "": 1 } }), refusal: "is empty", vectorizeCode: 40018 },
  {
    name: "metadata key with a dot",
    call: () => parse({ metadata: { "a.b": 1 } }),
    refusal: 'contains "."',
    vectorizeCode: 40018,
  },
  {
    name: "metadata key with a quote",
    call: () => parse({ metadata: { 'a"': 1 } }),
    refusal: 'contains "',
    vectorizeCode: 40018,
  },
  {
    name: "metadata key starting with $",
    call: () => parse({ metadata: { $a: 1 } }),
    refusal: 'starts with "$"',
    vectorizeCode: 40018,
  },
  { name: "metadata key with $ inside", call: () => parse({ metadata: { a$: 1 } }) },
  {
    name: "nested metadata key starting with $",
    call: () => parse({ metadata: { a: { $b: 1 } } }),
    refusal: 'starts with "$"',
    vectorizeCode: 40018,
  },
  {
    name: "lone surrogate in metadata",
    call: () => parse({ metadata: { a: "\uD835" } }),
    refusal: "failed to parse upsert vectors request in json format",
    vectorizeCode: 40023,
  },
  { name: "the escape of a surrogate, written out", call: () => parse({ metadata: { a: String.raw`\ud835` } }) },
  {
    name: "NaN among the values",
    call: () => parse({ values: [1, Number.NaN, 2] }),
    refusal: "failed to parse upsert vectors request in json format",
    vectorizeCode: 40023,
  },
  {
    name: "a value beyond float32",
    call: () => parse({ values: [1, 1e39, 2] }),
    refusal: "failed to parse upsert vectors request in json format",
    vectorizeCode: 40023,
  },
  {
    name: "values of 2 dimensions",
    call: () => parse({ values: [1, 2] }),
    refusal: 'invalid vector for id="a", expected 3 dimensions, and got 2 dimensions',
    vectorizeCode: 40012,
  },
  {
    name: "values of 4 dimensions",
    call: () => parse({ values: [1, 2, 3, 4] }),
    refusal: 'invalid vector for id="a", expected 3 dimensions, and got 4 dimensions',
    vectorizeCode: 40012,
  },
  { name: "Float64Array values", call: () => parse({ values: Float64Array.of(1, 2, 3) }) },
  { name: "no values", call: () => parse({ values: undefined }), refusal: "failed to parse", vectorizeCode: 40023 },
  { name: "no id", call: () => parse({ id: undefined }), refusal: "failed to parse", vectorizeCode: 40023 },
  { name: "batch of 999", call: () => parseVectors(batch(999), DIMENSIONS) },
  { name: "batch of 1,000", call: () => parseVectors(batch(1000), DIMENSIONS) },
  {
    name: "batch of 1,001",
    call: () => parseVectors(batch(1001), DIMENSIONS),
    refusal: "max vector count is 1000, got 1001",
    vectorizeCode: 49002,
  },
  {
    name: "no vectors",
    call: () => parseVectors([], DIMENSIONS),
    refusal: "at least one vector",
    vectorizeCode: 40023,
  },
  { name: "getByIds of 20", call: () => parseIds(ids(20), 20) },
  {
    name: "getByIds of 21",
    call: () => parseIds(ids(21), 20),
    refusal: "too many ids in payload; max id count is 20, got 21",
    vectorizeCode: 40007,
  },
  { name: "deleteByIds of 100", call: () => parseIds(ids(100), 100) },
  {
    name: "deleteByIds of 101",
    call: () => parseIds(ids(101), 100),
    refusal: "too many ids in payload; max id count is 100, got 101",
    vectorizeCode: 40007,
  },
  {
    name: "query of 2 dimensions",
    call: () => parseQueryVector([1, 2], DIMENSIONS),
    refusal: "invalid query vector, expected 3 dimensions, and got 2 dimensions",
    vectorizeCode: 40006,
  },
  { name: "query of 3 dimensions", call: () => parseQueryVector([1, 2, 3], DIMENSIONS) },
  {
    name: "query of 0 dimensions",
    call: () => parseQueryVector([], DIMENSIONS),
    refusal: "invalid query vector, expected 3 dimensions, and got 0 dimensions",
    vectorizeCode: 40006,
  },
  {
    name: "query of strings",
    call: () => parseQueryVector(["1", "2", "3"], DIMENSIONS),
    refusal: "Failed to parse the request body as JSON",
    vectorizeCode: 40026,
  },
  { name: "top K 99", call: () => parseQueryOptions({ topK: 99 }) },
  { name: "top K 100", call: () => parseQueryOptions({ topK: 100, returnMetadata: "indexed" }) },
  {
    name: "top K 101",
    call: () => parseQueryOptions({ topK: 101 }),
    refusal: "max top K is 100, but got 101",
    vectorizeCode: 40025,
  },
  { name: "top K 50 with values", call: () => parseQueryOptions({ topK: 50, returnValues: true }) },
  {
    name: "top K 51 with values",
    call: () => parseQueryOptions({ topK: 51, returnValues: true }),
    refusal: topKWithPayload,
    vectorizeCode: 40025,
  },
  { name: "top K 50 with all metadata", call: () => parseQueryOptions({ topK: 50, returnMetadata: "all" }) },
  {
    name: "top K 51 with all metadata",
    call: () => parseQueryOptions({ topK: 51, returnMetadata: true }),
    refusal: topKWithPayload,
    vectorizeCode: 40025,
  },
  { name: "top K 0", call: () => parseQueryOptions({ topK: 0 }), refusal: "at least 1", vectorizeCode: 49003 },
  { name: "top K 1.5", call: () => parseQueryOptions({ topK: 1.5 }), refusal: "integer", vectorizeCode: 49003 },
  { name: "top K '5'", call: () => parseQueryOptions({ topK: "5" }), refusal: "integer", vectorizeCode: 49003 },
  {
    name: "returnMetadata false",
    call: () => parseQueryOptions({ returnMetadata: false }),
    refusal: "Failed to parse the request body as JSON: returnMetadata: expected value",
    vectorizeCode: 40026,
  },
  {
    name: "returnMetadata 'some'",
    call: () => parseQueryOptions({ returnMetadata: "some" }),
    refusal: "Invalid returnMetadata option",
    vectorizeCode: 40026,
  },
  {
    name: "query namespace of 65 bytes",
    call: () => parseQueryOptions({ namespace: "n".repeat(65) }),
    refusal: "namespace too long",
    vectorizeCode: 40009,
  },
  { name: "list of 1,000", call: () => parseListOptions({ count: 1000 }) },
  {
    name: "list of 1,001",
    call: () => parseListOptions({ count: 1001 }),
    refusal: "from 1 to 1000",
    vectorizeCode: 49008,
  },
  { name: "list of 0", call: () => parseListOptions({ count: 0 }), refusal: "from 1 to 1000", vectorizeCode: 49008 },
  { name: "settings of 1,536 dimensions", call: () => parseEmbeddedIndexSettings('{"dimensions":1536}') },
  {
    name: "settings of 1,537 dimensions",
    call: () => parseEmbeddedIndexSettings('{"dimensions":1537}'),
    refusal: "EMBEDDED_VECTORIZE",
    vectorizeCode: 49009,
  },
  {
    name: "settings with an unknown key",
    call: () => parseEmbeddedIndexSettings('{"dims":3}'),
    refusal: "dims",
    vectorizeCode: 49009,
  },
  {
    name: "settings that are not JSON",
    call: () => parseEmbeddedIndexSettings("{"),
    refusal: "not JSON",
    vectorizeCode: 49009,
  },
];

describe("Vectorize's limits, below, at and above", () => {
  it.for(cases.filter(({ refusal }) => refusal === undefined))("takes $name", ({ call }, { expect }) => {
    expect(call).not.toThrow();
  });

  it.for(cases.filter(({ refusal }) => refusal !== undefined))(
    "refuses $name",
    ({ call, refusal, vectorizeCode }, { expect }) => {
      expect(call).toThrow(
        expect.objectContaining<Partial<AppError>>({
          message: expect.stringContaining(refusal ?? ""),
          details: { vectorizeCode },
        }),
      );
    },
  );

  it("fills in the defaults", ({ expect }) => {
    expect(parseQueryOptions()).toEqual({
      topK: 5,
      namespace: undefined,
      returnValues: false,
      returnMetadata: "none",
      filter: [],
    });
    expect(parseEmbeddedIndexSettings(undefined)).toEqual({
      dimensions: 384,
      metric: "cosine",
      metadataIndexes: {},
      visibilityDelayMs: 0,
      plan: "paid",
    });
  });

  it("holds 100,000 vectors of 384 dimensions, and fewer longer ones", ({ expect }) => {
    expect([3, 384, 385, 1536].map(embeddedCapacity)).toEqual([100_000, 100_000, 99_740, 25_000]);
  });
});
