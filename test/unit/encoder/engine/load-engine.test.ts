import { test } from "vitest";
import { HEADER_BYTES } from "../../../../src/encoder/engine/model-header.ts";
import { readModelHeader } from "../../../../src/encoder/engine/model-header.ts";
import { modelLayout } from "../../../../src/encoder/engine/model-layout.ts";
import { openEngine } from "../../../support/open-engine.ts";
import { randomEdgeModel } from "../../../support/random-bert.ts";

const SIZES = { layers: 1, hidden: 16, heads: 2, intermediate: 24, vocabulary: 30, positions: 10 };
const FILE = randomEdgeModel(SIZES);

/** Of the header: 8 bytes of magic, then sizes of 4 bytes. */
const AT = {
  layers: 8,
  hidden: 12,
  heads: 16,
  headSize: 20,
  intermediate: 24,
  vocabulary: 28,
  positions: 32,
  scale: 36,
};

function changed(change: (view: DataView) => void): Uint8Array {
  const copy = FILE.slice();
  change(new DataView(copy.buffer));
  return copy;
}

test.for([1, 7, 64, 1e6])("a file that arrives in pieces of %d bytes is the same model", async (piece, { expect }) => {
  const output = { pooling: "cls", normalize: true } as const;
  const [expected] = (await openEngine(FILE)).embed([[1, 2]], output);
  expect((await openEngine(FILE, { piece })).embed([[1, 2]], output)).toEqual([expected]);
});

test("a file that is cut off is refused", async ({ expect }) => {
  for (const length of [0, 10, HEADER_BYTES, FILE.byteLength - 1]) {
    const bytes = FILE.byteLength;
    await expect(openEngine(FILE.subarray(0, length), { expected: { bytes } })).rejects.toThrow(
      expect.objectContaining({
        code: "invalid_artifact",
        message: expect.stringContaining(`model.edge has ${length} bytes, its manifest says ${bytes}`),
      }),
    );
  }
});

test("a file that does not end is refused before it fills memory", async ({ expect }) => {
  const expected = { bytes: FILE.byteLength - 16 };
  await expect(openEngine(FILE, { expected })).rejects.toThrow("is longer than the");
});

test("a manifest that promises more than an isolate holds is refused before memory is asked for", async ({
  expect,
}) => {
  await expect(openEngine(FILE, { expected: { bytes: 2 ** 40 } })).rejects.toThrow("are loaded");
});

test("a file whose bytes are not the manifest's is refused", async ({ expect }) => {
  const sha256 = "0".repeat(64);
  await expect(openEngine(FILE, { expected: { sha256 } })).rejects.toThrow(`its manifest says ${sha256}`);
});

test("a file of another kind is refused, though its hash is right", async ({ expect }) => {
  await expect(openEngine(changed((view) => view.setUint8(0, 8)))).rejects.toThrow("no edge model of version 1");
  await expect(openEngine(new Uint8Array(20))).rejects.toThrow("no edge model of version 1");
});

test.for([
  ["layers", 0, "layers is 0"],
  ["layers", 4_000_000_000, "layers is 4000000000"],
  ["hidden", 20, "a multiple of 8"],
  ["heads", 65, "heads is 65"],
  ["headSize", 12, "a multiple of 8"],
  ["intermediate", 2 ** 31, "intermediate is 2147483648"],
  ["vocabulary", 31, "its header tells of"],
  ["positions", 9, "its header tells of"],
  ["layers", 2, "its header tells of"],
] as const)("a header that lies about %s (%d) is refused", async ([field, value, message], { expect }) => {
  const file = changed((view) => {
    view.setUint32(AT[field], value, true);
  });
  await expect(openEngine(file)).rejects.toThrow(message);
});

test.for([Number.NaN, 0, -1, Infinity])("an attention scale of %d is refused", async (scale, { expect }) => {
  const file = changed((view) => {
    view.setFloat32(AT.scale, scale, true);
  });
  await expect(openEngine(file)).rejects.toThrow("attentionScale is");
});

test("a step, bias, position or norm that is not finite is refused, wherever it stands", async ({ expect }) => {
  const { floats } = modelLayout(readModelHeader(FILE));
  for (const { offset, bytes } of floats) {
    for (const value of [Number.NaN, Infinity]) {
      const file = changed((view) => {
        view.setFloat32(offset + bytes - 4, value, true);
      });
      await expect(openEngine(file)).rejects.toThrow(`at byte ${offset} that is not finite`);
    }
  }
});

test("values that overflow on the way are an error, not an embedding", async ({ expect }) => {
  const { layers } = modelLayout(readModelHeader(FILE));
  const file = changed((view) => {
    view.setFloat32(layers[0]?.outputNorm.gamma.offset ?? 0, 3e38, true);
    view.setFloat32((layers[0]?.outputNorm.beta.offset ?? 0) + 4, 3e38, true);
  });
  const engine = await openEngine(file);
  expect(() => engine.embed([[1, 2, 3]], { pooling: "mean", normalize: true })).toThrow("is not finite");
});
