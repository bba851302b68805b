import { describe, test } from "vitest";
import { buildTrainingProgram } from "../../../../training/autodiff/training-program.ts";
import { TrainingSession } from "../../../../training/autodiff/training-session.ts";
import { contrastive } from "../../../../training/losses/contrastive.ts";
import { embeddingAlignment } from "../../../../training/losses/embedding-alignment.ts";
import type { Gradient } from "../../../../training/optim/gradient.ts";
import { tinyEncoder } from "../../../support/tiny-encoder.ts";

const { encoder, weights, feeds, batch, fixture } = await tinyEncoder();
const { similarity, temperature } = fixture.training.options;
const loss = contrastive({ similarity, temperature });

describe("TrainingSession", () => {
  test("gives the loss and the gradients of PyTorch", async ({ expect }) => {
    const program = buildTrainingProgram({
      encoder,
      write: (build, encode) => {
        const value = loss.build(build, { queries: encode("queries"), passages: encode("passages") });
        return { outputs: { loss: value }, seeds: new Map([[value, build.scalar(1)]]) };
      },
    });
    const session = await TrainingSession.create(program);
    const { outputs, gradients } = await session.run({ feeds: new Map([...feeds, ...loss.feeds(batch)]), weights });
    expect(outputs.get("loss")?.data[0]).toBeCloseTo(fixture.training.losses[0] ?? NaN, 5);
    const errors = fixture.training.parameters.map(({ initializer, first_gradient }) =>
      relativeError(gradients.get(initializer), first_gradient),
    );
    expect(errors.length).toBeGreaterThan(20);
    expect(Math.max(...errors)).toBeLessThan(1e-4);
    await session.release();
  });

  test("gives the same gradients by way of the embeddings' gradients, in pieces (GradCache)", async ({ expect }) => {
    const lossProgram = buildTrainingProgram({
      wrt: ["queries", "passages"],
      write: (build) => {
        const embeddings = {
          queries: build.input("queries", ["q", "d"]),
          passages: build.input("passages", ["p", "d"]),
        };
        const value = loss.build(build, embeddings);
        return { outputs: { loss: value }, seeds: new Map([[value, build.scalar(1)]]) };
      },
    });
    const forward = await TrainingSession.create(
      buildTrainingProgram({ encoder, write: (_, encode) => ({ outputs: { embeddings: encode("texts") } }) }),
    );
    const backward = await TrainingSession.create(
      buildTrainingProgram({
        encoder,
        write: (build, encode) => {
          const embeddings = encode("texts");
          const upstream = build.input("upstream", ["texts", "dims"]);
          return { outputs: { embeddings }, seeds: new Map([[embeddings, upstream]]) };
        },
      }),
    );
    const towers = ["queries", "passages"] as const;
    const texts = (tower: string) =>
      new Map(
        [...feeds].flatMap(([name, feed]) => (name.startsWith(tower) ? [[name.replace(tower, "texts"), feed]] : [])),
      );
    const embeddings = new Map();
    for (const tower of towers) {
      const { outputs } = await forward.run({ feeds: texts(tower), weights });
      embeddings.set(tower, { dataType: "float", ...outputs.get("embeddings") });
    }
    const lossSession = await TrainingSession.create(lossProgram);
    const step = await lossSession.run({ feeds: new Map([...embeddings, ...loss.feeds(batch)]), weights: new Map() });
    const sums = new Map<string, Float32Array>();
    for (const tower of towers) {
      const upstream = { ...embeddings.get(tower), data: step.gradients.get(tower) };
      const { gradients } = await backward.run({ feeds: texts(tower).set("upstream", upstream), weights });
      for (const [name, gradient] of gradients) {
        const values = gradient instanceof Float32Array ? gradient : gradient.values;
        sums.set(
          name,
          values.map((value, index) => value + (sums.get(name)?.[index] ?? 0)),
        );
      }
    }
    const errors = fixture.training.parameters.map(({ initializer, first_gradient }) =>
      relativeError(sums.get(initializer), first_gradient),
    );
    expect(Math.max(...errors)).toBeLessThan(1e-4);
  });

  test("says which feed or weight is missing", async ({ expect }) => {
    const program = buildTrainingProgram({
      encoder,
      write: (_, encode) => ({ outputs: { embeddings: encode("texts") } }),
    });
    const session = await TrainingSession.create(program);
    await expect(session.run({ feeds: new Map(), weights })).rejects.toThrow('wants the feed "texts/');
    await expect(session.run({ feeds, weights: new Map() })).rejects.toThrow("wants the");
  });

  test("trains nothing that the loss does not depend on", ({ expect }) => {
    const { parameters } = buildTrainingProgram({
      encoder,
      wrt: ["targets"],
      write: (build, encode) => {
        const passages = build.input("targets", ["texts", "dims"]);
        const value = embeddingAlignment().build(build, { queries: encode("texts"), passages });
        return { outputs: { value }, seeds: new Map([[value, build.scalar(1)]]) };
      },
      isTrained: ({ path }) => !path.includes("layer.0"),
    });
    expect(parameters.some(({ path }) => path.includes("layer.1"))).toBe(true);
    expect(parameters.some(({ path }) => path.includes("layer.0"))).toBe(false);
  });
});

/** Largest difference over the largest entry; entries below 1e-6 are rounding noise (bias of keys: truly 0). */
function relativeError(got: Gradient | undefined, expected: readonly number[]): number {
  const values = got === undefined || got instanceof Float32Array ? got : got.values;
  const largest = Math.max(...expected.map(Math.abs));
  const difference = Math.max(...expected.map((value, index) => Math.abs(value - (values?.[index] ?? NaN))));
  return largest < 1e-6 && difference < 1e-6 ? 0 : difference / largest;
}
