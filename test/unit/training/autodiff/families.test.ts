import { readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, test } from "vitest";
import { z } from "zod";
import { buildTrainingProgram } from "../../../../training/autodiff/training-program.ts";
import { TrainingSession } from "../../../../training/autodiff/training-session.ts";
import type { Feed } from "../../../../training/autodiff/training-session.ts";
import { decodeModel } from "../../../../training/onnx/reader.ts";
import { readFloatTensor } from "../../../../training/onnx/tensor.ts";
import type { Gradient } from "../../../../training/optim/gradient.ts";

const FOLDER = path.resolve(import.meta.dirname, "../../../fixtures/autodiff");
const numbers = z.array(z.number());
const schema = z.object({
  families: z.record(
    z.string(),
    z.object({
      pooling: z.enum(["mean", "cls"]),
      ids: z.array(numbers),
      mask: z.array(numbers),
      upstream: numbers,
      pooled: numbers,
      gradients: z.record(z.string(), numbers),
    }),
  ),
});
const { families } = schema.parse(JSON.parse(unpack("expected.json.gz").toString()));
type Family = (typeof families)[string];

/** Tiny encoders as PyTorch's two exporters write them (`-dynamo`: the newer one); see scripts/make-autodiff-fixtures.py. */
describe("gradients of exported encoders agree with PyTorch", () => {
  test.for(Object.entries(families))("%s", async ([name, family], { expect }) => {
    const { pooled, gradients } = await run(name, family);
    expect(largestError(pooled, family.pooled)).toBeLessThan(1e-4);
    const expected = Object.entries(family.gradients);
    expect([...gradients.keys()].sort()).toEqual(expected.map(([weight]) => weight).sort());
    const errors = expected.map(([weight, gradient]) => largestError(gradients.get(weight), gradient));
    expect(Math.max(...errors)).toBeLessThan(1e-4);
  });
});

/** Relative to the largest entry; what is below 1e-6 everywhere is rounding noise: the bias of keys, whose gradient is 0. */
function largestError(got: Gradient | undefined, expected: readonly number[]): number {
  const values = got === undefined || got instanceof Float32Array ? got : got.values;
  const largest = Math.max(...expected.map(Math.abs));
  const difference = Math.max(...expected.map((value, index) => Math.abs(value - (values?.[index] ?? NaN))));
  return largest < 1e-6 && difference < 1e-6 ? 0 : difference / largest;
}

async function run(name: string, family: Family) {
  const model = decodeModel(unpack(`${name}.onnx.gz`));
  const { ids, mask, pooling, upstream } = family;
  const program = buildTrainingProgram({
    encoder: { model, inputs: ["input_ids", "attention_mask"], output: "last_hidden_state", pooling, normalize: false },
    write: (build, encode) => {
      const embeddings = encode("texts");
      const seed = build.input("upstream", ["texts", "dims"]);
      return { outputs: { embeddings }, seeds: new Map([[embeddings, seed]]) };
    },
  });
  const session = await TrainingSession.create(program);
  const tensors = new Map(model.graph.initializer.map((tensor) => [tensor.name, tensor]));
  const weights = program.parameters.flatMap(({ name: weight }) => {
    const tensor = tensors.get(weight);
    return tensor === undefined ? [] : [[weight, readFloatTensor(tensor).data] as const];
  });
  const tokens = (rows: readonly (readonly number[])[]): Feed => ({
    dataType: "int64",
    dims: [rows.length, rows[0]?.length ?? 0],
    data: BigInt64Array.from(rows.flat(), BigInt),
  });
  const feeds = new Map<string, Feed>([
    ["texts/input_ids", tokens(ids)],
    ["texts/attention_mask", tokens(mask)],
    [
      "upstream",
      { dataType: "float", dims: [ids.length, upstream.length / ids.length], data: Float32Array.from(upstream) },
    ],
  ]);
  const { outputs, gradients } = await session.run({ feeds, weights: new Map(weights) });
  await session.release();
  return { pooled: outputs.get("embeddings")?.data, gradients };
}

function unpack(file: string): Buffer {
  return gunzipSync(readFileSync(path.join(FOLDER, file)));
}
