import { test } from "vitest";
import type { OnnxInputs } from "../../../src/encoder/encoder.ts";
import { createRuntimeSession } from "../../../src/encoder/runtime-session.ts";

class FakeTensor {
  readonly type: string;
  readonly data: BigInt64Array;
  readonly dims: readonly number[];

  constructor(type: "int64", data: BigInt64Array, dims: readonly number[]) {
    this.type = type;
    this.data = data;
    this.dims = dims;
  }
}

const feeds: OnnxInputs = {
  batch: 1,
  sequence: 2,
  inputIds: BigInt64Array.of(5n, 6n),
  attentionMask: BigInt64Array.of(1n, 1n),
  tokenTypeIds: BigInt64Array.of(0n, 0n),
};

/** A runtime that answers with `data`, and what it was asked. */
function fakeRuntime(data: unknown) {
  const asked: { feeds: Record<string, FakeTensor>; outputs: readonly string[] }[] = [];
  const session = {
    run: (given: Record<string, FakeTensor>, outputs: readonly string[]) => {
      asked.push({ feeds: given, outputs });
      return data instanceof Error ? Promise.reject(data) : Promise.resolve({ states: { data } });
    },
  };
  return { runtime: { session, Tensor: FakeTensor }, asked };
}

test("only the inputs of the manifest are fed, and only its output is asked for", async ({ expect }) => {
  const { runtime, asked } = fakeRuntime(Float32Array.of(1, 2));
  const session = createRuntimeSession(runtime, { inputs: ["attention_mask", "input_ids"], output: "states" });
  expect(await session.run(feeds)).toEqual(Float32Array.of(1, 2));
  expect(asked).toEqual([
    {
      feeds: {
        attention_mask: new FakeTensor("int64", feeds.attentionMask, [1, 2]),
        input_ids: new FakeTensor("int64", feeds.inputIds, [1, 2]),
      },
      outputs: ["states"],
    },
  ]);
});

test.for([
  { what: "a runtime that fails", data: new Error("Out of memory"), message: "failed on 1 x 2 tokens: Out of memory" },
  { what: "an output of another type", data: BigInt64Array.of(1n), message: '"states" is not a float32 tensor' },
  { what: "no output", data: undefined, message: '"states" is not a float32 tensor' },
])("$what is an encoder failure", async ({ data, message }, { expect }) => {
  const session = createRuntimeSession(fakeRuntime(data).runtime, { inputs: ["input_ids"], output: "states" });
  const outcome = session.run(feeds);
  await expect(outcome).rejects.toThrow(expect.objectContaining({ code: "encoder_failed" }));
  await expect(outcome).rejects.toThrow(message);
});
