import { test } from "vitest";
import { DATA_TYPE } from "../../../../training/onnx/data-type.ts";
import { createTensor } from "../../../../training/onnx/tensor.ts";
import { createStatisticsCollector } from "../../../../training/quantization/collect-statistics.ts";
import { quantizableInputs } from "../../../../training/quantization/quantize-model.ts";
import { ROWS_PER_BLOCK } from "../../../../training/quantization/statistics-accumulator.ts";
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

test("what is collected equals what the texts' rows and their means say, each text with the same weight", async ({
  expect,
}) => {
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
  const statistics = (await collector.statistics()).get("rows");
  const rowsOf = (ids: readonly number[]): Float32Array[] =>
    ids.map((id) => table.subarray(id * WIDTH, (id + 1) * WIDTH));
  const rows = texts.flatMap(rowsOf);
  const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
  const means = texts.map((ids) =>
    Array.from({ length: WIDTH }, (_, k) => meanOf(rowsOf(ids).map((row) => row[k] ?? NaN))),
  );
  expect(statistics?.weight).toBe(2 * texts.length);
  for (let i = 0; i < WIDTH; i += 1) {
    expect(statistics?.absMax[i]).toBe(Math.max(...rows.map((row) => Math.abs(row[i] ?? NaN))));
    expect(statistics?.mean[i]).toBeCloseTo(meanOf(means.map((mean) => mean[i] ?? NaN)), 6);
    for (let j = 0; j < WIDTH; j += 1) {
      const product = (row: ArrayLike<number>): number => (row[i] ?? NaN) * (row[j] ?? NaN);
      const expected = texts.reduce(
        (sum, ids, text) => sum + meanOf(rowsOf(ids).map(product)) + product(means[text] ?? []),
        0,
      );
      expect(statistics?.gram[i * WIDTH + j]).toBeCloseTo(expected, 5);
    }
  }
  const sampled = Array.from({ length: statistics?.sampleRows ?? 0 }, (_, row) =>
    statistics?.sample.subarray(row * WIDTH, (row + 1) * WIDTH),
  );
  expect(sampled).toHaveLength(8);
  expect(sampled.every((row) => rows.some((candidate) => String(candidate) === String(row)))).toBe(true);
});

test("rows beyond one block are in the second moments, too", async ({ expect }) => {
  const collector = await createStatisticsCollector({
    model: model(),
    inputs: ["input_ids"],
    output: "y",
    watched: quantizableInputs(model(), "y"),
    threads: 1,
  });
  const length = ROWS_PER_BLOCK + 3;
  const inputIds = new BigInt64Array(length).fill(2n);
  await collector.session.run({
    batch: 1,
    sequence: length,
    inputIds,
    attentionMask: inputIds,
    tokenTypeIds: inputIds,
  });
  const statistics = (await collector.statistics()).get("rows");
  // All rows are one, and so is their mean.
  expect(statistics?.gram[0]).toBeCloseTo(2 * (table[2 * WIDTH] ?? NaN) ** 2, 4);
});
