import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, it } from "vitest";
import { z } from "zod";
import type { EncoderSpec } from "../../training/autodiff/encoder-spec.ts";
import { buildTrainingProgram } from "../../training/autodiff/training-program.ts";
import { TrainingSession } from "../../training/autodiff/training-session.ts";
import type { Feed } from "../../training/autodiff/training-session.ts";
import { LOSSES } from "../../training/losses/registry.ts";
import { readModel } from "../../training/onnx/reader.ts";
import { readFloatTensor } from "../../training/onnx/tensor.ts";
import { createOptimizer } from "../../training/optim/create-optimizer.ts";
import { gradientValues, rowSize } from "../../training/optim/gradient.ts";
import type { Gradient } from "../../training/optim/gradient.ts";
import { parameterSettings } from "../../training/optim/parameter-settings.ts";
import type { Parameter } from "../../training/optim/parameter.ts";
import { SCHEDULES } from "../../training/optim/schedule.ts";
import { relativeError } from "../support/relative-error.ts";
import { sharedFolder } from "../support/shared-folder.ts";

const folder = sharedFolder("fixtures/tiny-bert-training");

const numbers = z.array(z.number());
const summarySchema = z.looseObject({ sum: z.number(), abs_sum: z.number(), first5: numbers });
const lossSchema = z.looseObject({
  loss: z.number(),
  grad_global_norm: z.number(),
  grad_summary: z.record(z.string(), summarySchema),
  grad_full: z.record(z.string(), numbers).default({}),
});
const modeSchema = z.looseObject({
  aar: lossSchema,
  sum_marg_lh: lossSchema.optional(),
  adamw: z.looseObject({
    lr: numbers,
    loss_before_step: numbers,
    grad_norm_before_clip: numbers,
    final_weights: z.record(z.string(), summarySchema),
  }),
});
const positivesSchema = z.looseObject({
  batch: z.looseObject({
    query_input_ids: z.array(numbers),
    query_attention_mask: z.array(numbers),
    passage_input_ids: z.array(numbers),
    passage_attention_mask: z.array(numbers),
    passage_query: numbers,
    passage_is_positive: numbers,
  }),
  dot_t1: modeSchema,
  cos_t005: modeSchema,
});
const expectedSchema = z.looseObject({
  hyper: z.looseObject({
    steps: z.int(),
    warmup: z.int(),
    lr: z.number(),
    weight_decay: z.number(),
    clip_norm: z.number(),
  }),
  parameters: z.record(
    z.string(),
    z.looseObject({ onnx_initializer: z.string(), onnx_dims: z.array(z.int()), initial: summarySchema }),
  ),
  modes: z.record(z.enum(["dot_t1", "cos_t005"]), z.looseObject({ normalise: z.boolean(), temperature: z.number() })),
  fixed_positives: positivesSchema,
  variable_positives: positivesSchema,
});

/** Its true gradient is 0, and Adam follows the noise; see the fixture's README. */
const isNoise = (name: string): boolean => name.endsWith("attention.self.key.bias");

const expected =
  folder === undefined
    ? undefined
    : expectedSchema.parse(
        JSON.parse(gunzipSync(readFileSync(`${folder}/fixtures/tiny-bert-training/expected.json.gz`)).toString()),
      );
const model = folder === undefined ? undefined : await readModel(`${folder}/fixtures/tiny-bert-training/model.onnx`);

interface Case {
  readonly positives: "fixed_positives" | "variable_positives";
  readonly mode: "dot_t1" | "cos_t005";
  readonly lossName: "aar" | "sum_marg_lh";
}

const cases: Case[] =
  expected === undefined
    ? []
    : (["fixed_positives", "variable_positives"] as const).flatMap((positives) =>
        (["dot_t1", "cos_t005"] as const).flatMap((mode) =>
          (["aar", "sum_marg_lh"] as const).flatMap((lossName) =>
            expected[positives][mode][lossName] === undefined ? [] : [{ positives, mode, lossName }],
          ),
        ),
      );

async function setUp({ positives, mode, lossName }: Case) {
  if (expected === undefined || model === undefined) {
    throw new Error("the fixture is not there");
  }
  const { batch } = expected[positives];
  const { normalise, temperature } = expected.modes[mode];
  const similarity = normalise ? "cosine" : "dot";
  const create = lossName === "aar" ? LOSSES.contrastive : LOSSES["sum-marg-lh"];
  const loss = create({ similarity, temperature });
  const encoder: EncoderSpec = {
    model,
    inputs: ["input_ids", "attention_mask", "token_type_ids"],
    output: "last_hidden_state",
    pooling: "mean",
    normalize: false,
  };
  const program = buildTrainingProgram({
    encoder,
    write: (build, encode) => {
      const value = loss.build(build, { queries: encode("queries"), passages: encode("passages") });
      return { outputs: { loss: value }, seeds: new Map([[value, build.scalar(1)]]) };
    },
  });
  const feeds = new Map<string, Feed>([
    ...tokens("queries", batch.query_input_ids, batch.query_attention_mask),
    ...tokens("passages", batch.passage_input_ids, batch.passage_attention_mask),
    ...loss.feeds({
      queryIds: batch.query_input_ids.map((_, index) => `q${index}`),
      passageQuery: batch.passage_query,
      isPositive: batch.passage_is_positive.map((mark) => mark === 1),
    }),
  ]);
  const initial = new Map(model.graph.initializer.map((tensor) => [tensor.name, tensor]));
  const parameters = program.parameters.map(({ name, dims, path }): Parameter => {
    const tensor = initial.get(name);
    return {
      name,
      dims,
      path,
      data: tensor === undefined ? new Float32Array(0) : readFloatTensor(tensor).data.slice(),
    };
  });
  const session = await TrainingSession.create(program);
  const weights = new Map(parameters.map(({ name, data }) => [name, data]));
  return { parameters, run: () => session.run({ feeds, weights }), found: expected[positives][mode], expected };
}

function tokens(tower: string, ids: readonly number[][], mask: readonly number[][]): [string, Feed][] {
  const dims = [ids.length, ids[0]?.length ?? 0];
  const feed = (rows: readonly (readonly number[])[]): Feed => ({
    dataType: "int64",
    dims,
    data: BigInt64Array.from(rows.flat(), BigInt),
  });
  return [
    [`${tower}/input_ids`, feed(ids)],
    [`${tower}/attention_mask`, feed(mask)],
    [`${tower}/token_type_ids`, feed(ids.map((row) => row.map(() => 0)))],
  ];
}

/** Every element, rows without gradient as zeros. */
function wholeGradient(gradient: Gradient | undefined, parameter: Parameter): Float32Array {
  if (gradient === undefined || gradient instanceof Float32Array) {
    return gradient ?? new Float32Array(0);
  }
  const whole = new Float32Array(parameter.data.length);
  const size = rowSize(parameter);
  for (const [position, row] of gradient.rows.entries()) {
    whole.set(gradient.values.subarray(position * size, (position + 1) * size), row * size);
  }
  return whole;
}

const absSum = (values: Float32Array): number => values.reduce((sum, value) => sum + Math.abs(value), 0);

describe.for(cases)("$lossName, $positives, $mode", (which) => {
  it("has PyTorch's loss within 1e-5, and every gradient within 1e-4", async ({ expect }) => {
    const { parameters, run, found, expected } = await setUp(which);
    const reference = found[which.lossName] ?? found.aar;
    const { outputs, gradients } = await run();
    expect(Math.abs((outputs.get("loss")?.data[0] ?? NaN) / reference.loss - 1)).toBeLessThan(1e-5);
    const values = parameters.map(({ name }) => gradientValues(gradients.get(name) ?? new Float32Array(0)));
    const norm = Math.sqrt(values.reduce((sum, part) => sum + part.reduce((all, x) => all + x * x, 0), 0));
    expect(Math.abs(norm / reference.grad_global_norm - 1)).toBeLessThan(1e-4);
    let compared = 0;
    for (const [name, { onnx_initializer: initializer }] of Object.entries(expected.parameters)) {
      const parameter = parameters.find((candidate) => candidate.name === initializer);
      const summary = reference.grad_summary[name];
      if (parameter === undefined || summary === undefined) {
        throw new Error(`no parameter ${name}`);
      }
      const gradient = wholeGradient(gradients.get(initializer), parameter);
      if (isNoise(name)) {
        expect(Math.max(...gradient.map(Math.abs))).toBeLessThan(1e-5);
        continue;
      }
      const largest = Math.max(...gradient.map(Math.abs));
      expect(Math.abs(absSum(gradient) / summary.abs_sum - 1)).toBeLessThan(1e-4);
      for (const [index, value] of summary.first5.entries()) {
        expect(Math.abs((gradient[index] ?? NaN) - value)).toBeLessThan(1e-4 * largest);
      }
      const full = reference.grad_full[name];
      if (full !== undefined) {
        expect(relativeError(gradient, full)).toBeLessThan(1e-4);
      }
      compared += 1;
    }
    expect(compared).toBeGreaterThan(30);
  });
});

describe.for(cases.filter(({ lossName }) => lossName === "aar"))("AdamW, $positives, $mode", (which) => {
  it("has PyTorch's losses and weights over ten steps", async ({ expect }) => {
    const { parameters, run, found, expected } = await setUp(which);
    const { steps, warmup, lr, weight_decay: weightDecay, clip_norm: clipNorm } = expected.hyper;
    const optimizer = createOptimizer({
      learningRate: lr,
      clipNorm,
      schedule: SCHEDULES.linear({ warmupSteps: warmup, totalSteps: steps }),
      settings: parameterSettings(parameters, { weightDecay, decaysVectors: true }),
    });
    const state = optimizer.init(parameters);
    for (let step = 0; step < steps; step += 1) {
      const { outputs, gradients } = await run();
      const { facts = {} } = optimizer.update({ gradients }, state, parameters);
      expect(outputs.get("loss")?.data[0]).toBeCloseTo(found.adamw.loss_before_step[step] ?? NaN, 4);
      expect(facts["learningRate"]).toBeCloseTo(found.adamw.lr[step] ?? NaN, 10);
      const norm = found.adamw.grad_norm_before_clip[step] ?? NaN;
      expect(Math.abs((facts["gradientNorm"] ?? NaN) / norm - 1)).toBeLessThan(1e-4);
    }
    for (const [name, { onnx_initializer: initializer, initial }] of Object.entries(expected.parameters)) {
      const data = parameters.find((candidate) => candidate.name === initializer)?.data ?? new Float32Array(0);
      const final = found.adamw.final_weights[name];
      if (!isNoise(name) && final !== undefined) {
        expect(Math.abs(absSum(data) / final.abs_sum - 1)).toBeLessThan(1e-4);
        expect(final.abs_sum).not.toBe(initial.abs_sum);
        for (const [index, value] of final.first5.entries()) {
          expect(Math.abs((data[index] ?? NaN) - value)).toBeLessThan(1e-4);
        }
      }
    }
  });
});
