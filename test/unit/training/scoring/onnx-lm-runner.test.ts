import { readFile } from "node:fs/promises";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { InferenceSession } from "onnxruntime-node";
import { describe, it } from "vitest";
import { decodeModel } from "../../../../training/onnx/reader.ts";
import { encodeModel } from "../../../../training/onnx/writer.ts";
import { argMax, logSoftmaxAt } from "../../../../training/scoring/log-softmax.ts";
import { findLayout } from "../../../../training/scoring/onnx-lm-layouts.ts";
import { createOnnxLmRunner } from "../../../../training/scoring/onnx-lm-runner.ts";
import type { OnnxLmRunner } from "../../../../training/scoring/onnx-lm-runner.ts";
import { addWantedPositions } from "../../../../training/scoring/wanted-positions.ts";

/** Made by scripts/make-cached-lm-fixture.py: log-probabilities and greedy continuations are PyTorch's. */
const FIXTURE = path.join(import.meta.dirname, "../../../fixtures/lm");

interface Expected {
  readonly sequences: readonly {
    readonly ids: readonly number[];
    readonly logProbs: readonly number[];
    readonly greedy: readonly number[];
  }[];
}

const { sequences } = JSON.parse(await readFile(path.join(FIXTURE, "expected.json"), "utf8")) as Expected;

/** Beside the runner, tokens of each pass through the graph. */
async function openFixture(
  maxKeptBytes: number,
  tellsLogProbs = false,
): Promise<{ runner: OnnxLmRunner; passes: number[] }> {
  const model = decodeModel(gunzipSync(await readFile(path.join(FIXTURE, "cached.onnx.gz"))));
  if (tellsLogProbs) {
    addWantedPositions(model);
  }
  const session = await InferenceSession.create(encodeModel(model), { logSeverityLevel: 3 });
  const inputs = session.inputMetadata.flatMap((input) => (input.isTensor ? [input] : []));
  const passes: number[] = [];
  const layout = findLayout(
    inputs.map(({ name }) => name),
    "cached.onnx",
  );
  const counting: typeof layout = {
    ...layout,
    feeds(request, known) {
      passes.push(request.ids.length);
      return layout.feeds(request, known);
    },
  };
  return { runner: createOnnxLmRunner({ session, inputs, layout: counting, maxKeptBytes }), passes };
}

function logProbsOf(rows: readonly Float32Array[], ids: readonly number[], firstPosition: number): number[] {
  return rows.slice(0, -1).map((row, index) => logSoftmaxAt(row, ids[firstPosition + 1 + index] ?? -1));
}

describe("createOnnxLmRunner", () => {
  it.for(sequences.map(({ ids }, index) => [index, ids.length] as const))(
    "gives PyTorch's log-probabilities wherever the shared beginning ends: sequence %i of %i tokens",
    async ([index], { expect }) => {
      const { ids = [], logProbs = [] } = sequences[index] ?? {};
      const { runner } = await openFixture(1e6);
      for (let sharedTokens = 0; sharedTokens < ids.length; sharedTokens += 1) {
        const firstPosition = sharedTokens; // the earliest that is allowed
        const rows = await runner.logits({ ids, firstPosition, sharedTokens });
        expect(rows.length).toBe(ids.length - firstPosition);
        for (const [offset, value] of logProbsOf(rows, ids, firstPosition).entries()) {
          expect(value).toBeCloseTo(logProbs[firstPosition + offset] ?? Number.NaN, 4);
        }
      }
    },
  );

  it.for([true, false])("tells PyTorch's log-probabilities itself: %s", async (tells, { expect }) => {
    const { runner } = await openFixture(1e6, tells);
    for (const { ids, logProbs } of sequences) {
      const firstPosition = Math.floor(ids.length / 2);
      const request = { ids: ids.slice(0, -1), firstPosition, sharedTokens: firstPosition };
      const told = await runner.logProbs(request, ids.slice(firstPosition + 1));
      expect(told.length).toBe(ids.length - 1 - firstPosition);
      for (const [index, value] of told.entries()) {
        expect(value).toBeCloseTo(logProbs[firstPosition + index] ?? Number.NaN, 4);
      }
    }
  });

  it("reads a shared beginning once, and gives the same bits whether it was kept or not", async ({ expect }) => {
    const { ids = [] } = sequences[2] ?? {};
    const request = { ids, firstPosition: 12, sharedTokens: 10 };
    const keeping = await openFixture(1e6);
    const first = await keeping.runner.logits(request);
    const second = await keeping.runner.logits(request);
    expect(keeping.passes).toEqual([10, 14, 14]);
    expect(second).toEqual(first);
    const forgetting = await openFixture(0);
    await forgetting.runner.logits(request);
    expect(await forgetting.runner.logits(request)).toEqual(first);
    expect(forgetting.passes).toEqual([10, 14, 10, 14]);
  });

  it("keeps the token whose next one is wanted out of the beginning", async ({ expect }) => {
    const { ids = [], logProbs = [] } = sequences[1] ?? {};
    const { runner, passes } = await openFixture(1e6);
    const rows = await runner.logits({ ids, firstPosition: 3, sharedTokens: 9 });
    expect(passes).toEqual([3, 6]);
    expect(logProbsOf(rows, ids, 3)[0]).toBeCloseTo(logProbs[3] ?? Number.NaN, 4);
  });

  it("goes on from what it read, token by token, as PyTorch generates", async ({ expect }) => {
    for (const { ids, greedy } of sequences) {
      const { runner, passes } = await openFixture(0);
      const generated: number[] = [];
      let { rows, past } = await runner.step(ids, undefined);
      for (;;) {
        generated.push(argMax(rows[0] ?? new Float32Array()));
        if (generated.length === greedy.length) {
          break;
        }
        ({ rows, past } = await runner.step(generated.slice(-1), past));
      }
      expect(generated).toEqual(greedy);
      expect(passes).toEqual([ids.length, 1, 1, 1, 1, 1]);
    }
  });

  it("refuses a prompt that would exhaust the memory", async ({ expect }) => {
    const { runner } = await openFixture(0);
    const ids = Array.from({ length: 8193 }, () => 1);
    await expect(runner.logits({ ids, firstPosition: 8192, sharedTokens: 0 })).rejects.toThrow(/8193 tokens/u);
  });
});
