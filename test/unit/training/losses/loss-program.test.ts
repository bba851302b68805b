import * as fc from "fast-check";
import { describe, test } from "vitest";
import { TrainingSession } from "../../../../training/autodiff/training-session.ts";
import { lossProgram } from "../../../../training/losses/loss-program.ts";
import type { Loss } from "../../../../training/losses/loss.ts";
import { matryoshka } from "../../../../training/losses/matryoshka.ts";
import { LOSSES } from "../../../../training/losses/registry.ts";
import type { LossName } from "../../../../training/losses/registry.ts";
import { CASE_DIMS, lossCases } from "../../../support/loss-cases.ts";
import type { LossCase } from "../../../support/loss-cases.ts";
import { lossGradients } from "../../../support/loss-gradients.ts";
import { relativeError } from "../../../support/relative-error.ts";
import { readTrainingFixture } from "../../../support/training-fixture.ts";

const fixture = readTrainingFixture();
const { passage_query: passageQuery, is_positive: isPositive, teacher_scores: teacherScores } = fixture.batch;
const queryIds = fixture.batch.queries.ids.map((_, index) => `q${index}`);
const dims = fixture.query_embeddings.length / queryIds.length;

function lossOf(name: string, options: (typeof fixture.losses)[number]["options"]): Loss {
  const found = Object.entries(LOSSES).find(([known]) => known === name);
  if (found === undefined) {
    throw new Error(`the fixture has a loss "${name}" that we do not`);
  }
  return found[1](options);
}

describe("a loss alone, in float, against PyTorch in double", () => {
  test.for(fixture.losses)("$name with $options", async (expected, { expect }) => {
    const loss = lossOf(expected.name, expected.options);
    const isAlignment = expected.name === "embedding-alignment";
    const batch = isAlignment
      ? { queryIds, passageQuery: queryIds.map((_, index) => index), isPositive: queryIds.map(() => true) }
      : { queryIds, passageQuery, isPositive, teacherScores };
    const matrix = (values: readonly number[], rows: number) =>
      ({ dataType: "float", dims: [rows, dims], data: Float32Array.from(values.slice(0, rows * dims)) }) as const;
    const session = await TrainingSession.create(lossProgram(loss));
    const feeds = new Map([
      ...loss.feeds(batch),
      ["queries", matrix(fixture.query_embeddings, queryIds.length)],
      ["passages", matrix(fixture.passage_embeddings, batch.passageQuery.length)],
    ]);
    const { outputs, gradients } = await session.run({ feeds, weights: new Map() });
    await session.release();
    expect(Math.abs((outputs.get("loss")?.data[0] ?? NaN) / expected.loss - 1)).toBeLessThan(1e-5);
    for (const [name, values] of [
      ["queries", expected.query_gradient],
      ["passages", expected.passage_gradient],
    ] as const) {
      const gradient = gradients.get(name);
      expect(relativeError(gradient instanceof Float32Array ? gradient : undefined, values)).toBeLessThan(1e-5);
    }
  });
});

describe("a loss alone, in double, against central differences", () => {
  const losses: [string, Loss][] = [
    ...(["contrastive", "sum-marg-lh", "kl-distillation", "graded-distillation", "margin-mse"] as LossName[]).map(
      (name): [string, Loss] => [name, LOSSES[name]({ similarity: "cosine", temperature: 0.2 })],
    ),
    ["matryoshka", matryoshka(LOSSES.contrastive({ similarity: "cosine" }), { dims: [CASE_DIMS, 2] })],
  ];
  test.for(losses)("%s, along random directions", async ([, loss], { expect }) => {
    const evaluate = await lossGradients(loss, CASE_DIMS);
    const directions = fc.array(fc.integer({ min: -10, max: 10 }), { minLength: 200, maxLength: 200 });
    await fc.assert(
      fc.asyncProperty(lossCases(), directions, async (found, direction) => {
        // A cosine of a cut row of zeros has no derivative.
        fc.pre([...found.queries, ...found.passages].every((row) => Math.hypot(...row.slice(0, 2)) > 0));
        const { gradient } = await evaluate(found);
        const slope = gradient.reduce((sum, value, index) => sum + value * (direction[index] ?? 0), 0);
        const step = 1e-6;
        const ahead = await evaluate(moved(found, direction, step));
        const behind = await evaluate(moved(found, direction, -step));
        const difference = (ahead.loss - behind.loss) / (2 * step);
        const scale = Math.max(1e-3, Math.hypot(...gradient) * Math.hypot(...direction.slice(0, gradient.length)));
        expect(Math.abs(slope - difference) / scale).toBeLessThan(1e-5);
      }),
      { numRuns: 12 },
    );
  });
});

/** The case with both kinds of embeddings moved along a direction, queries first. */
function moved(found: LossCase, direction: readonly number[], step: number): LossCase {
  const move = (rows: LossCase["queries"], offset: number) =>
    rows.map((row, index) =>
      row.map((value, column) => value + step * (direction[offset + index * CASE_DIMS + column] ?? 0)),
    );
  return {
    batch: found.batch,
    queries: move(found.queries, 0),
    passages: move(found.passages, found.queries.length * CASE_DIMS),
  };
}
