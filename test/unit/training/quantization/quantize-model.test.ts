import * as fc from "fast-check";
import { test } from "vitest";
import { floatAttribute, intAttribute } from "../../../../training/onnx/attributes.ts";
import { DATA_TYPE } from "../../../../training/onnx/data-type.ts";
import type { ModelProto } from "../../../../training/onnx/proto.ts";
import { createTensor } from "../../../../training/onnx/tensor.ts";
import { encodeModel } from "../../../../training/onnx/writer.ts";
import type { InputTerms } from "../../../../training/quantization/input-scheme.ts";
import type { InputStatistics } from "../../../../training/quantization/input-statistics.ts";
import { quantizeModel } from "../../../../training/quantization/quantize-model.ts";
import { graphModel, runModel, wave } from "../../../support/onnx-graph.ts";

const WIDTH = 16;
const OUTPUTS = 12;

function matMulModel(opset = 14): ModelProto {
  return graphModel({
    nodes: [["MatMul", ["x", "w"], ["y"]]],
    initializers: [createTensor("w", "float", [WIDTH, OUTPUTS], wave(WIDTH * OUTPUTS, 1))],
    opset,
  });
}

function quantized(
  model: ModelProto,
  options: { readonly statistics?: ReadonlyMap<string, InputStatistics>; readonly terms?: InputTerms } = {},
): ModelProto {
  quantizeModel(model, { output: "y", statistics: new Map(), ...options });
  return model;
}

/** Largest difference, as a share of the largest value. */
function relativeError(actual: Float32Array | undefined, expected: Float32Array | undefined): number {
  const largest = Math.max(...(expected ?? []).map(Math.abs));
  return (
    Math.max(...(expected ?? []).map((value, index) => Math.abs(value - (actual?.[index] ?? Number.NaN)))) / largest
  );
}

test.for([11, 13, 14, 17, 18, 21])("a MatMul of opset %i comes out within a hundredth", async (opset, { expect }) => {
  const feeds = { x: { data: wave(3 * WIDTH, 2), dims: [3, WIDTH] } };
  const { y: expected } = await runModel(matMulModel(opset), feeds);
  const { y } = await runModel(quantized(matMulModel(opset)), feeds);
  expect(y?.length).toBe(3 * OUTPUTS);
  expect(relativeError(y, expected)).toBeLessThan(0.01);
});

test("a Gemm with transposed weights, factors and a bias comes out within a hundredth", async ({ expect }) => {
  const gemm = (): ModelProto =>
    graphModel({
      nodes: [
        [
          "Gemm",
          ["x", "w", "b"],
          ["y"],
          [floatAttribute("alpha", 0.5), floatAttribute("beta", 3), intAttribute("transB", 1)],
        ],
      ],
      initializers: [
        createTensor("w", "float", [OUTPUTS, WIDTH], wave(WIDTH * OUTPUTS, 1)),
        createTensor("b", "float", [OUTPUTS], wave(OUTPUTS, 7)),
      ],
    });
  const feeds = { x: { data: wave(4 * WIDTH, 3), dims: [4, WIDTH] } };
  const { y: expected } = await runModel(gemm(), feeds);
  const { y } = await runModel(quantized(gemm()), feeds);
  expect(relativeError(y, expected)).toBeLessThan(0.01);
});

test("rows of very different size keep their own precision, and a row of zeros stays zero", async ({ expect }) => {
  const data = wave(3 * WIDTH, 2);
  data.subarray(0, WIDTH).forEach((value, k) => {
    data[k] = value * 1e-4;
  });
  data.fill(0, WIDTH, 2 * WIDTH);
  const feeds = { x: { data, dims: [3, WIDTH] } };
  const { y: expected } = await runModel(matMulModel(), feeds);
  const { y } = await runModel(quantized(matMulModel()), feeds);
  expect(relativeError(y?.subarray(0, OUTPUTS), expected?.subarray(0, OUTPUTS))).toBeLessThan(0.01);
  expect([...(y?.subarray(OUTPUTS, 2 * OUTPUTS) ?? [])].every((value) => value === 0)).toBe(true);
});

test.for([1, 2] as const)(
  "with %i terms a row gives the same floats alone and in any batch",
  async (terms, { expect }) => {
    const model = encodeModel(quantized(matMulModel(), { terms }));
    const row = wave(WIDTH, 2);
    const { y: alone } = await runModel(model, { x: { data: row, dims: [1, 1, WIDTH] } });
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 5 }),
        fc.float({ min: -1e6, max: 1e6, noNaN: true }),
        async (batch, sequence, scale) => {
          const data = wave(batch * sequence * WIDTH, 4).map((value) => value * scale);
          data.set(row, data.length - WIDTH);
          const { y } = await runModel(model, { x: { data, dims: [batch, sequence, WIDTH] } });
          expect(y?.length).toBe(batch * sequence * OUTPUTS);
          expect(y?.slice(-OUTPUTS)).toEqual(alone);
        },
      ),
      { numRuns: 30 },
    );
  },
);

/** A product whose weights are int8 codes already, so that only its inputs are rounded. */
function exactWeightsModel(): { readonly model: ModelProto; readonly weights: Float32Array } {
  const weights = wave(WIDTH * OUTPUTS, 1).map((value) => Math.round(100 * value));
  weights.fill(127, 0, OUTPUTS); // the largest of each column: its step is 1
  const initializers = [createTensor("w", "float", [WIDTH, OUTPUTS], weights)];
  return { model: graphModel({ nodes: [["MatMul", ["x", "w"], ["y"]]], initializers }), weights };
}

test("two terms round an input by a 252nd of the first term's step at most, whatever the row", async ({ expect }) => {
  const { model, weights } = exactWeightsModel();
  const reference = encodeModel(model);
  const int8 = encodeModel(quantized(model, { terms: 2 }));
  const row = fc.array(fc.float({ min: -1e4, max: 1e4, noNaN: true }), { minLength: WIDTH, maxLength: WIDTH });
  await fc.assert(
    fc.asyncProperty(row, async (values) => {
      const data = Float32Array.from(values);
      const feeds = { x: { data, dims: [1, WIDTH] } };
      const [{ y: expected }, { y }] = [await runModel(reference, feeds), await runModel(int8, feeds)];
      const step = Math.max(1e-20, ...data.map((value) => (value > 0 ? value / 63 : -value / 64)));
      for (let column = 0; column < OUTPUTS; column += 1) {
        const magnitude = weights.reduce((sum, w, index) => sum + (index % OUTPUTS === column ? Math.abs(w) : 0), 0);
        const error = Math.abs((y?.[column] ?? Number.NaN) - (expected?.[column] ?? Number.NaN));
        expect(error).toBeLessThanOrEqual((1.01 / 252) * step * magnitude); // the hundredth is for float sums
      }
    }),
    { numRuns: 40 },
  );
});

test("two terms are a hundredth as far off as one where the weights are exact", async ({ expect }) => {
  const feeds = { x: { data: wave(64 * WIDTH, 2), dims: [64, WIDTH] } };
  const error = async (terms: InputTerms): Promise<number> => {
    const { model } = exactWeightsModel();
    const { y: expected } = await runModel(model, feeds);
    const { y } = await runModel(quantized(model, { terms }), feeds);
    return Math.sqrt(meanSquaredError(y, expected));
  };
  expect(await error(2)).toBeLessThan(0.02 * (await error(1)));
});

test("products that read the same value share its codes", ({ expect }) => {
  const model = graphModel({
    nodes: [
      ["MatMul", ["x", "q"], ["a"]],
      ["MatMul", ["x", "k"], ["b"]],
      ["Add", ["a", "b"], ["y"]],
    ],
    initializers: [
      createTensor("q", "float", [WIDTH, OUTPUTS], wave(WIDTH * OUTPUTS, 1)),
      createTensor("k", "float", [WIDTH, OUTPUTS], wave(WIDTH * OUTPUTS, 2)),
    ],
  });
  const { matrixProducts, schemes } = quantizeModel(model, { output: "y", statistics: new Map(), terms: 2 });
  expect([matrixProducts, schemes.size]).toEqual([2, 1]);
  const products = model.graph.node.filter(({ opType }) => opType === "MatMulInteger");
  expect([products.length, new Set(products.map(({ input }) => input[0])).size]).toEqual([4, 2]);
});

test("embedding rows keep their own precision, and small tables stay as they are", async ({ expect }) => {
  const rows = 2000;
  const width = 256;
  const table = wave(rows * width, 1);
  table.subarray(0, width).forEach((value, k) => {
    table[k] = value * 1e-4;
  });
  const model = (): ModelProto =>
    graphModel({
      nodes: [
        ["Gather", ["table", "ids"], ["rows"]],
        ["Gather", ["small", "ids"], ["extra"]],
        ["Add", ["rows", "extra"], ["sum"]],
        ["MatMul", ["x", "w"], ["product"]],
        ["Add", ["sum", "product"], ["y"]],
      ],
      initializers: [
        createTensor("table", "float", [rows, width], table),
        createTensor("small", "float", [2, width], new Float32Array(2 * width)),
        createTensor("w", "float", [WIDTH, width], new Float32Array(WIDTH * width)),
      ],
      inputs: { ids: DATA_TYPE.int64, x: DATA_TYPE.float },
    });
  const feeds = {
    ids: { data: BigInt64Array.of(0n, 1n), dims: [2] },
    x: { data: new Float32Array(2 * WIDTH), dims: [2, WIDTH] },
  };
  const int8 = quantized(model());
  const { y: expected } = await runModel(model(), feeds);
  const { y } = await runModel(int8, feeds);
  expect(int8.graph.initializer.map(({ name }) => name)).toContain("small");
  expect(int8.graph.initializer.map(({ name }) => name)).not.toContain("table");
  expect(relativeError(y?.subarray(0, width), expected?.subarray(0, width))).toBeLessThan(0.005);
  expect(relativeError(y?.subarray(width), expected?.subarray(width))).toBeLessThan(0.005);
});

test("calibration takes a column of outliers out of the other columns' way", async ({ expect }) => {
  const rows = 64;
  const data = wave(rows * WIDTH, 2);
  for (let row = 0; row < rows; row += 1) {
    data[row * WIDTH + 3] = (data[row * WIDTH + 3] ?? 0) * 200;
  }
  const feeds = { x: { data, dims: [rows, WIDTH] } };
  const { y: expected } = await runModel(matMulModel(), feeds);
  const plain = await runModel(quantized(matMulModel(), { terms: 1 }), feeds);
  const calibrated = await runModel(
    quantized(matMulModel(), { terms: 1, statistics: new Map([["x", statisticsOf(data, rows)]]) }),
    feeds,
  );
  expect(meanSquaredError(calibrated["y"], expected)).toBeLessThan(0.5 * meanSquaredError(plain["y"], expected));
});

test("values that are mostly positive get a zero point below the middle", ({ expect }) => {
  const rows = 64;
  const data = wave(rows * WIDTH, 2).map((value) => Math.max(-0.05, value));
  const { schemes } = quantizeModel(matMulModel(), {
    output: "y",
    statistics: new Map([["x", statisticsOf(data, rows)]]),
    terms: 1,
  });
  expect(schemes.get("x")?.zeroPoint).toBeLessThan(32);
});

test("outputs other than the one asked for are dropped with what only they need", ({ expect }) => {
  const model = graphModel({
    nodes: [
      ["MatMul", ["x", "w"], ["y"]],
      ["Tanh", ["y"], ["pooler"]],
    ],
    initializers: [createTensor("w", "float", [WIDTH, OUTPUTS], wave(WIDTH * OUTPUTS))],
    outputs: ["y", "pooler"],
  });
  quantized(model);
  expect(model.graph.output.map(({ name }) => name)).toEqual(["y"]);
  expect(model.graph.node.some(({ opType }) => opType === "Tanh")).toBe(false);
});

test.for([
  ["an unknown output", matMulModel(), "states", /no output "states"; it has y/u],
  ["an old operator set", matMulModel(10), "y", /operator set 10; 11 to 23/u],
  ["nothing to quantise", graphModel({ nodes: [["Abs", ["x"], ["y"]]] }), "y", /no matrix product/u],
] as const)("%s is refused", ([, model, output, message], { expect }) => {
  expect(() => quantizeModel(model, { output, statistics: new Map() })).toThrow(message);
});

function statisticsOf(data: Float32Array, rows: number): InputStatistics {
  const gram = new Float64Array(WIDTH * WIDTH);
  const absMax = new Float32Array(WIDTH);
  for (let row = 0; row < rows; row += 1) {
    for (let i = 0; i < WIDTH; i += 1) {
      const value = data[row * WIDTH + i] ?? 0;
      absMax[i] = Math.max(absMax[i] ?? 0, Math.abs(value));
      for (let j = 0; j < WIDTH; j += 1) {
        gram[i * WIDTH + j] = (gram[i * WIDTH + j] ?? 0) + value * (data[row * WIDTH + j] ?? 0);
      }
    }
  }
  return { width: WIDTH, weight: rows, absMax, mean: new Float64Array(WIDTH), gram, sample: data, sampleRows: rows };
}

function meanSquaredError(actual: Float32Array | undefined, expected: Float32Array = new Float32Array()): number {
  const squares = Array.from(expected, (value, index) => (value - (actual?.[index] ?? Number.NaN)) ** 2);
  return squares.reduce((sum, square) => sum + square, 0) / squares.length;
}
