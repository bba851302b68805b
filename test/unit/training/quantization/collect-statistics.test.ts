import { test } from "vitest";
import { DATA_TYPE } from "../../../../training/onnx/data-type.ts";
import { createTensor } from "../../../../training/onnx/tensor.ts";
import { createStatisticsCollector } from "../../../../training/quantization/collect-statistics.ts";
import { quantizableInputs } from "../../../../training/quantization/quantize-model.ts";
import { graphModel, wave } from "../../../support/onnx-graph.ts";

const VOCABULARY = 9;
const WIDTH = 6;
const table = wave(VOCABULARY * WIDTH, 1);

const model = () =>
  graphModel({
    nodes: [
      ["Gather", ["table", "input_ids"], ["rows"]],
      ["MatMul", ["rows", "w"], ["y"]],
    ],
    initializers: [
      createTensor("table", "float", [VOCABULARY, WIDTH], table),
      createTensor("w", "float", [WIDTH, WIDTH], wave(WIDTH * WIDTH, 2)),
    ],
    inputs: { input_ids: DATA_TYPE.int64 },
    opset: 13,
  });

test("what is collected equals what the texts' rows say", async ({ expect }) => {
  const watched = quantizableInputs(model(), "y");
  expect([...watched]).toEqual([["rows", WIDTH]]);
  const collector = await createStatisticsCollector({
    model: model(),
    inputs: ["input_ids"],
    output: "y",
    watched,
    threads: 1,
  });
  const texts = [
    [1, 4, 4],
    [8, 2],
  ];
  for (const ids of texts) {
    const inputIds = BigInt64Array.from(ids, BigInt);
    const rest = { attentionMask: inputIds, tokenTypeIds: inputIds };
    const states = await collector.session.run({ batch: 1, sequence: ids.length, inputIds, ...rest });
    expect(states).toHaveLength(ids.length * WIDTH);
  }
  const statistics = collector.statistics().get("rows");
  const rows = texts.flat().map((id) => table.subarray(id * WIDTH, (id + 1) * WIDTH));
  const column = (k: number): number[] => rows.map((row) => row[k] ?? Number.NaN);
  expect(statistics?.rows).toBe(5);
  for (let i = 0; i < WIDTH; i += 1) {
    expect(statistics?.absMax[i]).toBe(Math.max(...column(i).map(Math.abs)));
    expect(statistics?.mean[i]).toBeCloseTo(column(i).reduce((sum, value) => sum + value, 0) / 5, 6);
    for (let j = 0; j < WIDTH; j += 1) {
      const expected = column(i).reduce((sum, value, row) => sum + value * (column(j)[row] ?? Number.NaN), 0);
      expect(statistics?.gram[i * WIDTH + j]).toBeCloseTo(expected, 5);
    }
  }
  const sampled = Array.from({ length: statistics?.sampleRows ?? 0 }, (_, row) =>
    statistics?.sample.subarray(row * WIDTH, (row + 1) * WIDTH),
  );
  expect(sampled).toHaveLength(8);
  expect(sampled.every((row) => rows.some((candidate) => String(candidate) === String(row)))).toBe(true);
});
