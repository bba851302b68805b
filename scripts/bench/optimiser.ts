/**
 * What share of a training step the optimiser takes, for parameters of the shapes of MiniLM-L6 (22.7 million numbers):
 *
 *   node scripts/bench/optimiser.ts [--rounds 5] [--json]
 *
 * The step is 32 texts of 128 tokens. Its time is taken as that of its matrix products alone, run by onnxruntime on one core
 * and divided by the number of cores: a lower bound of any step, so the shares are upper bounds. The optimiser uses one core.
 * Milliseconds are of the processor, which other processes on the machine do not add to; both take turns in one run, medians.
 * `--json` prints one object of numbers.
 */
import { availableParallelism } from "node:os";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { createModelProto } from "../../training/onnx/codec.ts";
import { GraphBuilder } from "../../training/onnx/graph-builder.ts";
import { Graph } from "../../training/onnx/graph.ts";
import { encodeModel } from "../../training/onnx/writer.ts";
import { createOptimizer } from "../../training/optim/create-optimizer.ts";
import type { OptimizerOptions } from "../../training/optim/create-optimizer.ts";
import type { Gradient } from "../../training/optim/gradient.ts";
import { parameterSettings } from "../../training/optim/parameter-settings.ts";
import type { Parameter } from "../../training/optim/parameter.ts";
import { parseScriptFlags } from "../script-flags.ts";
import { median } from "./edge/statistics.ts";

const HIDDEN = 384;
const WIDE = 4 * HIDDEN;
const LAYERS = 6;
const VOCABULARY = 30_522;
const POSITIONS = 512;
const TEXTS = 32;
const LENGTH = 128;
/** Different tokens in 4,096 of English text, about. */
const DISTINCT_TOKENS = 1300;

const { values: flags } = parseScriptFlags({
  options: { json: { type: "boolean", default: false }, rounds: { type: "string", default: "5" } },
});

const parameters = miniLmParameters();
const settings = parameterSettings(parameters, { weightDecay: 0.01 });
const withoutDecay = parameterSettings(parameters);
const rowGradients = gradientsOf(parameters, true);
const denseGradients = gradientsOf(parameters, false);
/**
 * The trainer's are `row_gradient_dense` and, with weight decay, `row_gradient_dense_decay`; the first is what gradients by row
 * save, the last what could be chosen beside. `learningRate` does not matter for time.
 */
const cases: readonly [string, () => void][] = [
  ["whole_table_gradient", stepper(denseGradients, { learningRate: 1e-5, settings })],
  ["row_gradient_dense_decay", stepper(rowGradients, { learningRate: 1e-5, settings })],
  ["row_gradient_dense", stepper(rowGradients, { learningRate: 1e-5, settings: withoutDecay })],
  ["row_gradient_lazy", stepper(rowGradients, { learningRate: 1e-5, settings, absentRows: "lazy" })],
];

const runProducts = await matrixProducts();
const times = new Map<string, number[]>([["products", []], ...cases.map(([name]) => [name, []] as [string, number[]])]);
for (let round = 0; round <= Number(flags.rounds); round += 1) {
  const products = (await processorTime(runProducts)) / availableParallelism();
  for (const [name, step] of cases) {
    const milliseconds = await processorTime(async () => step());
    if (round > 0) {
      times.get(name)?.push(milliseconds); // round 0 warms up
    }
  }
  if (round > 0) {
    times.get("products")?.push(products);
  }
}

const products = median(times.get("products") ?? []);
const result: Record<string, number> = { step_products_ms: products };
for (const [name] of cases) {
  const milliseconds = median(times.get(name) ?? []);
  result[`${name}_ms`] = milliseconds;
  result[`${name}_share`] = milliseconds / products;
}
process.stdout.write(
  flags.json
    ? `${JSON.stringify(result)}\n`
    : Object.entries(result)
        .map(([name, value]) => `${name.padEnd(36)} ${value.toFixed(name.endsWith("_share") ? 3 : 0).padStart(8)}\n`)
        .join(""),
);

async function processorTime(action: () => Promise<unknown>): Promise<number> {
  const start = process.cpuUsage();
  await action();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e3;
}

function stepper(gradients: ReadonlyMap<string, Gradient>, options: OptimizerOptions): () => void {
  const optimizer = createOptimizer(options);
  const state = optimizer.init(parameters);
  return () => {
    optimizer.update({ gradients }, state, parameters);
  };
}

function miniLmParameters(): Parameter[] {
  const layer = (index: number): [string, readonly number[]][] => [
    ...["query", "key", "value", "output"].flatMap((name): [string, readonly number[]][] => [
      [`layer.${index}.attention.${name}.weight`, [HIDDEN, HIDDEN]],
      [`layer.${index}.attention.${name}.bias`, [HIDDEN]],
    ]),
    [`layer.${index}.up.weight`, [HIDDEN, WIDE]],
    [`layer.${index}.up.bias`, [WIDE]],
    [`layer.${index}.down.weight`, [WIDE, HIDDEN]],
    [`layer.${index}.down.bias`, [HIDDEN]],
  ];
  const shapes: readonly [string, readonly number[]][] = [
    ["embeddings.word", [VOCABULARY, HIDDEN]],
    ["embeddings.position", [POSITIONS, HIDDEN]],
    ...Array.from({ length: LAYERS }, (_, index) => layer(index)).flat(),
  ];
  return shapes.map(([name, dims]) => ({ name, dims, data: filled(dims.reduce((product, dim) => product * dim, 1)) }));
}

function gradientsOf(all: readonly Parameter[], byRow: boolean): Map<string, Gradient> {
  return new Map(
    all.map(({ name, data }): [string, Gradient] => {
      if (!byRow || name !== "embeddings.word") {
        return [name, filled(data.length)];
      }
      const rows = Int32Array.from({ length: DISTINCT_TOKENS }, (_, index) => (index * 23) % VOCABULARY);
      return [name, { rows, values: filled(rows.length * HIDDEN) }];
    }),
  );
}

function filled(length: number): Float32Array {
  return Float32Array.from({ length }, (_, index) => ((index * 2_654_435_761) % 1000) / 1e4 - 0.05);
}

/**
 * All matrix products of the forward and the backward pass: each product forward has two of its size backward. Products of
 * attention scores are a twentieth of it and left out.
 */
async function matrixProducts(): Promise<() => Promise<void>> {
  const narrow = await productSession(HIDDEN, HIDDEN);
  const up = await productSession(HIDDEN, WIDE);
  const down = await productSession(WIDE, HIDDEN);
  return async () => {
    for (let count = 0; count < 3 * LAYERS; count += 1) {
      for (const run of [narrow, narrow, narrow, narrow, up, down]) {
        await run();
      }
    }
  };
}

async function productSession(inputs: number, outputs: number): Promise<() => Promise<void>> {
  const model = createModelProto({
    irVersion: 9,
    opsetImport: [{ domain: "", version: 20 }],
    graph: { name: "product" },
  });
  const graph = new Graph(model.graph);
  const build = new GraphBuilder(graph);
  const rows = TEXTS * LENGTH;
  const product = build.matMul(build.input("x", [rows, inputs]), build.input("w", [inputs, outputs]));
  graph.addOutput({ name: product, dataType: "float", dims: [rows, outputs] });
  graph.commit();
  const session = await InferenceSession.create(encodeModel(model), { logSeverityLevel: 3, intraOpNumThreads: 1 });
  const feeds = {
    x: new Tensor("float32", filled(rows * inputs), [rows, inputs]),
    w: new Tensor("float32", filled(inputs * outputs), [inputs, outputs]),
  };
  return async () => {
    await session.run(feeds);
  };
}
