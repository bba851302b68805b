import { writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { encodeModel } from "../../../../training/onnx/writer.ts";
import {
  describeParity,
  isQuantizedOnnx,
  measureParity,
  requireParity,
} from "../../../../training/scoring/label-parity.ts";
import type { QueryToScore } from "../../../../training/scoring/signal.ts";
import { graphModel } from "../../../support/onnx-graph.ts";
import { silentProgress } from "../../../support/silent-progress.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

function item(id: string): QueryToScore {
  return { query: { id, text: id, answers: ["a"], choices: [] }, passages: [] };
}

function scorer(scores: Record<string, readonly number[]>) {
  return { fingerprint: "fp32", score: ({ query }: QueryToScore) => Promise.resolve(scores[query.id] ?? []) };
}

describe("measureParity", () => {
  it("averages rank correlations over queries and differences over scores", async ({ expect }) => {
    const own = scorer({ q1: [1, 2, 3], q2: [3, 1, 2], q3: [0, 0, 0] });
    const reference = scorer({ q1: [1, 2, 3.3], q2: [1, 2, 3], q3: [0, 0, 0.3] });
    const parity = await measureParity({
      items: ["q1", "q2", "q3"].map(item),
      scorer: own,
      reference,
      progress: silentProgress,
    });
    // 1 and 1 - 6 * 6 / 24; the third query is the same for all passages and says nothing
    expect(parity).toEqual({
      queries: 2,
      rankCorrelation: 0.25,
      meanDifference: expect.closeTo((0.3 + 2 + 1 + 1 + 0.3) / 9, 10),
      reference: "fp32",
    });
    expect(() => requireParity(parity)).toThrow(
      /rank correlation 0\.250 \(at least 0\.8\).*label with the LM in fp32/u,
    );
    expect(() => requireParity({ ...parity, rankCorrelation: 0.81 })).not.toThrow();
    expect(describeParity(parity)).toContain("mean difference 0.511");
  });

  it("needs a query that tells passages apart", async ({ expect }) => {
    const same = scorer({ q1: [1, 1] });
    await expect(
      measureParity({ items: [item("q1")], scorer: same, reference: same, progress: silentProgress }),
    ).rejects.toThrow(/tells passages apart/u);
  });
});

describe("isQuantizedOnnx", () => {
  it("knows integer products", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    const file = (name: string): string => path.join(folder, `${name}.onnx`);
    await writeFile(file("float"), encodeModel(graphModel({ nodes: [["Relu", ["x"], ["y"]]] })));
    await writeFile(
      file("int8"),
      encodeModel(
        graphModel({
          nodes: [
            ["DynamicQuantizeLinear", ["x"], ["codes", "scale", "zero"]],
            ["Relu", ["x"], ["y"]],
          ],
        }),
      ),
    );
    expect([await isQuantizedOnnx(file("float")), await isQuantizedOnnx(file("int8"))]).toEqual([false, true]);
  });
});
