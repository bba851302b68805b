import { describe, test } from "vitest";
import { buildTrainingProgram } from "../../../../training/autodiff/training-program.ts";
import { TrainingSession } from "../../../../training/autodiff/training-session.ts";
import type { Feed } from "../../../../training/autodiff/training-session.ts";
import { contrastive } from "../../../../training/losses/contrastive.ts";
import { gradientValues } from "../../../../training/optim/gradient.ts";
import { GradCache } from "../../../../training/trainer/grad-cache.ts";
import type { GradCacheStep } from "../../../../training/trainer/grad-cache.ts";
import { tokenFeeds } from "../../../../training/trainer/token-feeds.ts";
import { relativeError } from "../../../support/relative-error.ts";
import { tinyEncoder } from "../../../support/tiny-encoder.ts";

const { encoder, weights, batch, fixture } = await tinyEncoder();
const { similarity, temperature } = fixture.training.options;
const loss = contrastive({ similarity, temperature });
const unpadded = ({ ids, mask }: typeof fixture.batch.queries) =>
  ids.map((row, text) =>
    row.slice(
      0,
      mask[text]?.reduce((sum, bit) => sum + bit, 0),
    ),
  );
const queries = unpadded(fixture.batch.queries);
const passages = unpadded(fixture.batch.passages);

async function run(microBatch: number, step: GradCacheStep, isTrained: (name: string) => boolean = () => true) {
  const cache = await GradCache.create({
    encoder,
    loss,
    microBatch,
    padId: 0,
    threads: 1,
    isTrained: ({ name }) => isTrained(name),
  });
  try {
    return await cache.step(step);
  } finally {
    await cache.release();
  }
}

describe("GradCache", () => {
  // PyTorch's gradients are of the whole batch at once.
  test.for([1, 3])("%i texts at a time: loss and gradients of the whole batch", async (budget, { expect }) => {
    const found = await run(budget, { queries, passages, batch, weights });
    expect(found.loss).toBeCloseTo(fixture.training.losses[0] ?? NaN, 5);
    const errors = fixture.training.parameters
      .filter(({ name }) => !name.includes("key.bias")) // truly 0
      .map(({ initializer, first_gradient }) => {
        const gradient = found.gradients.get(initializer);
        return relativeError(gradient && gradientValues(gradient), first_gradient);
      });
    expect(errors.length).toBeGreaterThan(30);
    expect(Math.max(...errors)).toBeLessThan(1e-4);
  });

  test("frozen passages: the gradient of queries alone, of the parameters that are trained", async ({ expect }) => {
    const matrix = Float32Array.from(fixture.passage_embeddings);
    const frozen = { matrix, dims: matrix.length / passages.length };
    const isTrained = (name: string): boolean => name.includes("layer.1");
    const found = await run(2, { queries, passages: frozen, batch, weights }, isTrained);
    // The same in one graph, with the passages as a feed.
    const program = buildTrainingProgram({
      encoder,
      isTrained: ({ name }) => isTrained(name),
      write: (build, encode) => {
        const vectors = build.input("passages", ["passages", "dims"]);
        const value = loss.build(build, { queries: encode("queries"), passages: vectors });
        return { outputs: { loss: value }, seeds: new Map([[value, build.scalar(1)]]) };
      },
    });
    const session = await TrainingSession.create(program);
    const feeds = new Map<string, Feed>([...loss.feeds(batch), ...tokenFeeds("queries", queries, 0)]);
    feeds.set("passages", { dataType: "float", dims: [passages.length, frozen.dims], data: matrix });
    const direct = await session.run({ feeds, weights });
    expect(found.loss).toBeCloseTo(direct.outputs.get("loss")?.data[0] ?? NaN, 5);
    expect([...found.gradients.keys()]).toEqual([...direct.gradients.keys()]);
    expect(found.gradients.size).toBeGreaterThan(8);
    for (const [name, gradient] of direct.gradients) {
      if (!name.includes("key.bias")) {
        const own = found.gradients.get(name);
        expect(relativeError(own && gradientValues(own), gradientValues(gradient))).toBeLessThan(1e-5);
      }
    }
  });
});
