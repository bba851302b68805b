import { test } from "vitest";
import { adaptEncoder, decodeQueryAdapter, encodeQueryAdapter } from "../../../src/encoder/query-adapter.ts";
import type { AdapterWeights } from "../../../src/encoder/query-adapter.ts";
import { fakeEncoder } from "../../support/fake-encoder.ts";

const MANIFEST = {
  name: "docs-adapter",
  dims: 2,
  normalize: false,
  compatibleWith: "f".repeat(64),
  queryModel: "a".repeat(64),
  provenance: { examples: 3 },
};
const matrix = (rows: number, columns: number, ...values: number[]) => ({
  shape: [rows, columns],
  data: Float32Array.from(values),
});
const DELTA: AdapterWeights = new Map([["delta", matrix(2, 2, 0.5, 1, -2, 0)]]);

test.for([
  // (1, 2) + (1, 2)·[[.5, 1], [-2, 0]] = (1, 2) + (-3.5, 1)
  ["linear", DELTA, [-2.5, 3]],
  // (1, 2)·(1, 3)ᵀ = 7; 7·(2, -1) = (14, -7)
  [
    "low-rank",
    new Map([
      ["down", matrix(2, 1, 1, 3)],
      ["up", matrix(1, 2, 2, -1)],
    ]),
    [15, -5],
  ],
  // hidden = max(0, (1, 2)·[[1, 0], [1, -1]] + (-1, 1)) = max(0, (2, -1)) = (2, 0); (2, 0)·[[1, .5], [9, 9]] = (2, 1)
  [
    "mlp",
    new Map([
      ["down", matrix(2, 2, 1, 0, 1, -1)],
      ["b", { shape: [2], data: Float32Array.of(-1, 1) }],
      ["up", matrix(2, 2, 1, 0.5, 9, 9)],
    ]),
    [3, 3],
  ],
] as const)("%s: the embedding plus what the formula says", async ([kind, weights, expected], { expect }) => {
  const file = await encodeQueryAdapter({ ...MANIFEST, kind }, weights);
  const adapter = await decodeQueryAdapter(file, "a.safetensors");
  const embedding = Float32Array.of(1, 2);
  expect([...adapter.apply(embedding)]).toEqual(expected);
  expect([...embedding]).toEqual([1, 2]);
});

test("the result has unit length when the encoder's embeddings have", async ({ expect }) => {
  const file = await encodeQueryAdapter({ ...MANIFEST, kind: "linear", normalize: true }, DELTA);
  const [x = 0, y = 0] = (await decodeQueryAdapter(file, "a")).apply(Float32Array.of(1, 2));
  expect(x).toBeCloseTo(-2.5 / Math.hypot(2.5, 3), 6);
  expect(y).toBeCloseTo(3 / Math.hypot(2.5, 3), 6);
});

test("float16 weights: half the bytes, and the same formula on the rounded values", async ({ expect }) => {
  // 1/3 in float16 is 0.333251953125 (0x3555).
  const data = Float16Array.of(1 / 3, 0, 0, 1 / 3);
  const half: AdapterWeights = new Map([["delta", { shape: [2, 2], data }]]);
  const full: AdapterWeights = new Map([["delta", matrix(2, 2, ...data)]]);
  const [small, large] = await Promise.all(
    [half, full].map((weights) => encodeQueryAdapter({ ...MANIFEST, kind: "linear" }, weights)),
  );
  expect((large?.length ?? 0) - (small?.length ?? 0)).toBe(4 * 2);
  const adapter = await decodeQueryAdapter(small ?? new Uint8Array(), "a.safetensors");
  expect([...adapter.apply(Float32Array.of(1, 2))]).toEqual([1.333251953125, 2.66650390625]);
});

test("the same adapter has the same bytes and sha256", async ({ expect }) => {
  const [a, b] = await Promise.all([1, 2].map(() => encodeQueryAdapter({ ...MANIFEST, kind: "linear" }, DELTA)));
  expect(a).toEqual(b);
  const { sha256, manifest } = await decodeQueryAdapter(a ?? new Uint8Array(), "a");
  const hash = await crypto.subtle.digest("SHA-256", new Uint8Array(a ?? []));
  expect(sha256).toBe(Buffer.from(hash).toString("hex"));
  expect(manifest).toMatchObject({ ...MANIFEST, kind: "linear", schemaVersion: 1 });
});

test("a changed weight is noticed", async ({ expect }) => {
  const file = await encodeQueryAdapter({ ...MANIFEST, kind: "linear" }, DELTA);
  file[file.length - 1] = 1;
  await expect(decodeQueryAdapter(file, "x.safetensors")).rejects.toThrow(/x\.safetensors: its weights are not those/u);
});

test.for([
  ["missing tensors", "mlp", DELTA, /has tensors down, b, up; found delta/u],
  ["another width", "linear", new Map([["delta", matrix(3, 2, 1, 2, 3, 4, 5, 6)]]), /\[3, 2\] after 2 values/u],
  ["an end of another width", "linear", new Map([["delta", matrix(2, 1, 1, 2)]]), /ends with 1 values/u],
] as const)("%s: refused", async ([, kind, weights, message], { expect }) => {
  await expect(encodeQueryAdapter({ ...MANIFEST, kind }, weights)).rejects.toThrow(message);
});

test("only queries go through it, and only of the encoder it was trained for", async ({ expect }) => {
  const adapter = await decodeQueryAdapter(await encodeQueryAdapter({ ...MANIFEST, kind: "linear" }, DELTA), "a");
  const encoder = fakeEncoder({ dims: 2 });
  const adapted = adaptEncoder(encoder, adapter);
  const [[plain], [mapped]] = [
    (await encoder.encodeQueries(["cat"])).embeddings,
    (await adapted.encodeQueries(["cat"])).embeddings,
  ];
  expect(mapped).toEqual(adapter.apply(plain ?? new Float32Array(2)));
  expect(mapped).not.toEqual(plain);
  const passages = [{ title: "", text: "cat" }];
  expect((await adapted.encodePassages(passages)).embeddings).toEqual([plain]);
  expect(adapted.adapterSha256).toBe(adapter.sha256);
  for (const other of [
    fakeEncoder({ dims: 2, fingerprint: "e".repeat(64) }),
    { ...encoder, manifest: { ...encoder.manifest, model: { ...encoder.manifest.model, sha256: "c".repeat(64) } } },
  ]) {
    expect(() => adaptEncoder(other, adapter)).toThrow(/adapter "docs-adapter" was trained for/u);
  }
});

test("an embedding of other dimensions is refused", async ({ expect }) => {
  const adapter = await decodeQueryAdapter(await encodeQueryAdapter({ ...MANIFEST, kind: "linear" }, DELTA), "a");
  expect(() => adapter.apply(new Float32Array(3))).toThrow(/maps 2 dimensions, got an embedding of 3/u);
});
