import { describe, test } from "vitest";
import { adamw } from "../../../../training/optim/adamw.ts";
import { chain } from "../../../../training/optim/chain.ts";
import { createOptimizer } from "../../../../training/optim/create-optimizer.ts";
import type { OptimizerState } from "../../../../training/optim/gradient-transformation.ts";
import type { Gradient } from "../../../../training/optim/gradient.ts";
import { parameterSettings } from "../../../../training/optim/parameter-settings.ts";
import type { Parameter } from "../../../../training/optim/parameter.ts";
import { restoreState } from "../../../../training/optim/restore-state.ts";
import { SCHEDULES } from "../../../../training/optim/schedule.ts";
import { waveParameter } from "../../../support/parameters.ts";

const model = (): Parameter[] => [waveParameter("embeddings.w", [5, 2], 1), waveParameter("layer.0.w", [2, 2], 2)];

const gradientsAt = (step: number): Map<string, Gradient> =>
  new Map<string, Gradient>([
    ["embeddings.w", { rows: Int32Array.of(step % 5), values: Float32Array.of(step + 1, -1) }],
    ["layer.0.w", Float32Array.of(3, -step, 0.5, 2)],
  ]);

const OPTIONS = {
  learningRate: 0.05,
  schedule: SCHEDULES.linear({ warmupSteps: 2, totalSteps: 9 }),
  settings: parameterSettings(model(), { weightDecay: 0.01, layerDecay: 0.9 }),
};

function run(parameters: readonly Parameter[], state: OptimizerState, steps: readonly number[]) {
  const optimizer = createOptimizer(OPTIONS);
  return steps.map((step) => optimizer.update({ gradients: gradientsAt(step) }, state, parameters).facts);
}

describe("createOptimizer", () => {
  test("reports the norm before clipping and the rate of each step", ({ expect }) => {
    const parameters = model();
    const facts = run(parameters, createOptimizer(OPTIONS).init(parameters), [0, 1, 2]);
    expect(facts.map((found) => found?.["learningRate"])).toEqual([0, 0.025, 0.05]);
    expect(facts[1]?.["gradientNorm"]).toBeCloseTo(Math.sqrt(4 + 1 + 9 + 1 + 0.25 + 4), 6);
  });

  test("keeps frozen parameters to the bit, without state, and out of the norm", ({ expect }) => {
    const parameters = model();
    const before = model();
    const settings = parameterSettings(parameters, { frozen: ["embeddings."], weightDecay: 0.1 });
    const optimizer = createOptimizer({ learningRate: 0.1, settings });
    const state = optimizer.init(parameters);
    const gradients = new Map([["layer.0.w", Float32Array.of(1, 2, 2, 0)]]);
    const { facts } = optimizer.update({ gradients }, state, parameters);
    expect(parameters[0]?.data).toEqual(before[0]?.data);
    expect(parameters[1]?.data).not.toEqual(before[1]?.data);
    expect(facts?.["gradientNorm"]).toBe(3);
    expect([...state.keys()].filter((name) => name.includes("embeddings"))).toEqual([]);
  });

  test("changes nothing when a gradient is not finite", ({ expect }) => {
    const parameters = model();
    const optimizer = createOptimizer(OPTIONS);
    const state = optimizer.init(parameters);
    const gradients = gradientsAt(3).set("layer.0.w", Float32Array.of(1, NaN, 1, 1));
    expect(() => optimizer.update({ gradients }, state, parameters)).toThrow('"layer.0.w" is not finite');
    expect(parameters).toEqual(model());
    expect(state).toEqual(optimizer.init(parameters));
  });

  test("cannot chain two links that keep the same state", ({ expect }) => {
    const twice = chain(adamw({ learningRate: 1 }), adamw({ learningRate: 1 }));
    expect(() => twice.init(model())).toThrow('keep a state "adamw.step"');
  });
});

describe("restoreState", () => {
  test("continues to the same bits as a training without a break", ({ expect }) => {
    const whole = model();
    run(whole, createOptimizer(OPTIONS).init(whole), [0, 1, 2, 3, 4, 5]);

    const first = model();
    const state = createOptimizer(OPTIONS).init(first);
    run(first, state, [0, 1, 2]);
    const second = first.map((parameter) => ({ ...parameter, data: parameter.data.slice() }));
    const fresh = createOptimizer(OPTIONS).init(second);
    restoreState(fresh, structuredClone(state));
    run(second, fresh, [3, 4, 5]);
    expect(second).toEqual(whole);
  });

  const spoil: [string, (state: OptimizerState) => void][] = [
    ['has nothing for "adamw.step", expected Float64Array of 1', (state) => state.delete("adamw.step")],
    ['has "adamw.mean/x", which this one does not', (state) => state.set("adamw.mean/x", new Float32Array(1))],
    [
      'has Float32Array of 3 for "adamw.mean/layer.0.w", expected Float32Array of 4',
      (state) => state.set("adamw.mean/layer.0.w", new Float32Array(3)),
    ],
    [
      'has Float64Array of 4 for "adamw.mean/layer.0.w", expected Float32Array of 4',
      (state) => state.set("adamw.mean/layer.0.w", new Float64Array(4)),
    ],
  ];
  test.for(spoil)("refuses a state that %s", ([message, change], { expect }) => {
    const fresh = createOptimizer(OPTIONS).init(model());
    const saved = structuredClone(fresh);
    change(saved);
    expect(() => restoreState(fresh, saved)).toThrow(message);
  });
});
