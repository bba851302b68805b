import { InferenceSession, Tensor } from "onnxruntime-node";
import { describe, it } from "vitest";
import { intAttribute } from "../../../../training/onnx/attributes.ts";
import { DATA_TYPE } from "../../../../training/onnx/data-type.ts";
import type { ModelProto } from "../../../../training/onnx/proto.ts";
import { decodeModel } from "../../../../training/onnx/reader.ts";
import { createTensor } from "../../../../training/onnx/tensor.ts";
import { encodeModel } from "../../../../training/onnx/writer.ts";
import { logSoftmaxAt } from "../../../../training/scoring/log-softmax.ts";
import { addWantedPositions, TARGET_LOG_PROBS } from "../../../../training/scoring/wanted-positions.ts";
import { graphModel, wave } from "../../../support/onnx-graph.ts";
import { tinyLmModel } from "../../../support/tiny-lm.ts";

const IDS = BigInt64Array.from([3n, 1n, 4n, 1n, 5n]);
const MASK = BigInt64Array.from([1n, 1n, 1n, 1n, 1n]);

async function logits(model: ModelProto, positions?: readonly number[]): Promise<{ rows: number; data: Float32Array }> {
  return await run(model, "logits", positions);
}

async function run(
  model: ModelProto,
  name: string,
  positions?: readonly number[],
  targets: readonly number[] = (positions ?? []).map(() => 0),
): Promise<{ rows: number; data: Float32Array }> {
  const session = await InferenceSession.create(encodeModel(model), { logSeverityLevel: 3, intraOpNumThreads: 1 });
  const feeds = {
    input_ids: new Tensor("int64", IDS, [1, 5]),
    ...(session.inputNames.includes("attention_mask") ? { attention_mask: new Tensor("int64", MASK, [1, 5]) } : {}),
    ...(positions === undefined
      ? {}
      : { positions: new Tensor("int64", BigInt64Array.from(positions, BigInt), [positions.length]) }),
    ...(session.inputNames.includes("targets")
      ? { targets: new Tensor("int64", BigInt64Array.from(targets, BigInt), [1, targets.length, 1]) }
      : {}),
  };
  const { [name]: output } = await session.run(feeds, [name]);
  await session.release();
  if (!(output?.data instanceof Float32Array)) {
    throw new TypeError(`${name} are not float32`);
  }
  return { rows: output.dims[1] ?? 0, data: output.data };
}

/** As onnxruntime's quantize_dynamic leaves an output layer. */
function quantizedLm(): ModelProto {
  return graphModel({
    inputs: { input_ids: DATA_TYPE.int64 },
    nodes: [
      ["Gather", ["embedding", "input_ids"], ["hidden"]],
      ["DynamicQuantizeLinear", ["hidden"], ["codes", "scale", "zero"]],
      ["MatMulInteger", ["codes", "weight", "zero"], ["product"]],
      ["Cast", ["product"], ["cast"], [intAttribute("to", DATA_TYPE.float)]],
      ["Mul", ["scale", "weight_scale"], ["scales"]],
      ["Mul", ["cast", "scales"], ["logits"]],
    ],
    initializers: [
      createTensor("embedding", "float", [9, 4], wave(36)),
      createTensor(
        "weight",
        "int8",
        [4, 7],
        Int8Array.from({ length: 28 }, (_, index) => (index * 37) % 100),
      ),
      createTensor("weight_scale", "float", [], Float32Array.of(0.01)),
    ],
    outputs: ["logits"],
  });
}

describe("addWantedPositions", () => {
  it("gives the rows of the wanted positions and no others", async ({ expect }) => {
    const all = await logits(decodeModel(tinyLmModel("optimum")));
    const model = decodeModel(tinyLmModel("optimum"));
    expect(addWantedPositions(model)).toBe(true);
    const some = await logits(model, [2, 3]);
    const width = all.data.length / all.rows;
    expect([all.rows, some.rows]).toEqual([5, 2]);
    expect(some.data).toEqual(all.data.slice(2 * width, 4 * width));
  });

  it("picks before a dynamically quantised output layer measures its input", async ({ expect }) => {
    const all = await logits(quantizedLm());
    const model = quantizedLm();
    expect(addWantedPositions(model)).toBe(true);
    const some = await logits(model, [0, 1, 2, 3, 4]);
    expect(some.data).toEqual(all.data);
    expect((await logits(model, [4])).rows).toBe(1);
  });

  it("tells the log-probability of a token after each wanted position", async ({ expect }) => {
    const all = await logits(decodeModel(tinyLmModel("optimum")));
    const width = all.data.length / all.rows;
    const model = decodeModel(tinyLmModel("optimum"));
    addWantedPositions(model);
    const told = await run(model, TARGET_LOG_PROBS, [1, 3], [7, 2]);
    const expected = [
      [1, 7],
      [3, 2],
    ].map(([row = 0, token = 0]) => logSoftmaxAt(all.data.subarray(row * width, (row + 1) * width), token));
    expect(told.data.length).toBe(2);
    for (const [index, value] of expected.entries()) {
      expect(told.data[index]).toBeCloseTo(value, 5);
    }
  });

  it("leaves a graph alone that has positions, or no output layer it knows", ({ expect }) => {
    expect(addWantedPositions(decodeModel(tinyLmModel("scorer")))).toBe(false);
    const other = graphModel({ nodes: [["Relu", ["x"], ["logits"]]], outputs: ["logits"] });
    expect(addWantedPositions(other)).toBe(false);
  });
});
