import { describe, test } from "vitest";
import { adamw } from "../../../../training/optim/adamw.ts";
import type { RowGradient } from "../../../../training/optim/gradient.ts";
import { SCHEDULES } from "../../../../training/optim/schedule.ts";
import { readTrainingFixture } from "../../../support/training-fixture.ts";

const { optimizers, schedules } = readTrainingFixture();

describe("against PyTorch", () => {
  // Steps read some rows of a table. What torch calls SparseAdam is AdamW without decay that leaves absent rows alone.
  test.for(optimizers.cases)("$name on a table, 12 steps", ({ name, options, final }, { expect }) => {
    const { dims, start, rows, slopes } = optimizers;
    const table = { name: "table", dims, data: Float32Array.from(start) };
    const optimizer = adamw({
      learningRate: options.lr,
      betas: options.betas,
      epsilon: options.eps,
      settings: new Map([["table", { isFrozen: false, weightDecay: options.weight_decay, rateScale: 1 }]]),
      absentRows: name === "AdamW" ? "dense" : "lazy",
    });
    const state = optimizer.init([table]);
    for (const [step, read] of rows.entries()) {
      const gradient: RowGradient = { rows: Int32Array.from(read), values: Float32Array.from(slopes[step] ?? []) };
      optimizer.update({ gradients: new Map([["table", gradient]]) }, state, [table]);
    }
    expect(final.length).toBe(table.data.length);
    const differences = final.map((value, index) => Math.abs((table.data[index] ?? NaN) - value));
    expect(Math.max(...differences)).toBeLessThan(1e-6);
  });

  test.for(schedules)("$name schedule, $warmup_steps of $total_steps steps", (found, { expect }) => {
    const schedule = SCHEDULES[found.name]({ warmupSteps: found.warmup_steps, totalSteps: found.total_steps });
    expect(found.factors.length).toBe(found.total_steps + 2);
    for (const [step, factor] of found.factors.entries()) {
      // transformers goes on along the cosine after the last step; ours stays at 0.
      const expected = step > found.total_steps ? 0 : factor;
      expect(schedule(step)).toBeCloseTo(expected, 6);
    }
  });
});
