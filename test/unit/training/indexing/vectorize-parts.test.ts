import { readdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { vectorIdOf } from "../../../../src/ingestion/vector-id.ts";
import { writeVectorizeParts } from "../../../../training/indexing/vectorize-parts.ts";
import { writeParts } from "../../../../training/indexing/write-parts.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const bare = { title: "", text: "x", url: "", documentId: "d", metadata: {} };

describe("NDJSON for Vectorize", () => {
  it("holds the records that the Worker would upsert, floats to the last bit", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    const long = "é".repeat(40);
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.float({ noNaN: true, noDefaultInfinity: true }), { minLength: 1, maxLength: 8 }),
        async (values) => {
          const vector = Float32Array.from(values);
          const [part] = await writeVectorizeParts({
            folder,
            collection: "docs",
            passages: [
              { ...bare, id: "p", metadata: { country: "CA" }, vector },
              { ...bare, id: long, vector },
            ],
          });
          const lines = (await readFile(part?.file ?? "", "utf8")).trimEnd().split("\n");
          const [first, second] = lines.map((line) => JSON.parse(line) as { id: string; values: number[] });
          expect(first).toMatchObject({ id: "docs/p", namespace: "docs", metadata: { country: "CA" } });
          expect(Float32Array.from(first?.values ?? []).map((value) => value + 0)).toEqual(
            vector.map((value) => value + 0),
          );
          expect(second).toMatchObject({ id: await vectorIdOf("docs", long) });
          expect(second).not.toHaveProperty("metadata");
        },
      ),
      { numRuns: 20 },
    );
  });

  it("refuses metadata that Vectorize would refuse, and names the passage", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    const passages = [{ ...bare, id: "p7", metadata: { note: "x".repeat(11_000) }, vector: Float32Array.of(1) }];
    await expect(writeVectorizeParts({ folder, collection: "docs", passages })).rejects.toThrow(
      /passage "p7": .*10240 bytes/u,
    );
  });
});

describe("writeParts", () => {
  it("keeps order and both bounds, and removes the parts of an earlier run", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    await writeFile(path.join(folder, "x-00009.txt"), "old");
    await writeFile(path.join(folder, "y-00009.txt"), "not ours");
    const options = { folder, stem: "x", extension: "txt", maxPieces: 3, maxBytes: 6 };
    const parts = await writeParts(["a", "b", "c", "d", "éé", "é", "f", "too-long"], options);
    expect(parts.map(({ pieces, bytes }) => [pieces, bytes])).toEqual([
      [3, 3],
      [2, 5],
      [2, 3],
      [1, 8],
    ]);
    expect((await readdir(folder)).toSorted()).toEqual([
      "x-00001.txt",
      "x-00002.txt",
      "x-00003.txt",
      "x-00004.txt",
      "y-00009.txt",
    ]);
    expect(await readFile(parts[1]?.file ?? "", "utf8")).toBe("déé");
  });
});
