import { test } from "vitest";
import { contrastive } from "../../../../../training/losses/contrastive.ts";
import { gradientValues } from "../../../../../training/optim/gradient.ts";
import { encoderTask, frozenSide, trainedSide } from "../../../../../training/trainer/modes/encoder-task.ts";
import type { PassageSide } from "../../../../../training/trainer/modes/encoder-task.ts";
import { fakeEncoder } from "../../../../support/fake-encoder.ts";
import { relativeError } from "../../../../support/relative-error.ts";
import { tinyEncoder } from "../../../../support/tiny-encoder.ts";

const { encoder: spec, fixture } = await tinyEncoder();
const matrix = Float32Array.from(fixture.passage_embeddings);
const texts = fixture.batch.passages.ids.map((ids) => ids.filter((id) => id !== 0));
const sides: [string, PassageSide][] = [
  ["trained passages", trainedSide(texts, 0)],
  ["frozen passages", frozenSide({ matrix, dims: matrix.length / texts.length })],
];

test.for(sides)("%s: a micro batch changes memory, not loss and gradients", async ([, passages], { expect }) => {
  const task = (microBatch: number | undefined) =>
    encoderTask({
      encoder: {
        folder: "",
        base: fakeEncoder(),
        spec,
        tokenizer: { padId: 0, encode: () => [], countTokens: () => 0 },
        vocabulary: undefined,
      },
      loss: contrastive({ similarity: "cosine", temperature: 0.1 }),
      examples: [0, 1, 2].map((row) => ({
        queryId: `q${row}`,
        query: "",
        positives: [row],
        hardNegatives: [row + 3, row + 5],
        scores: new Map(),
      })),
      queries: fixture.batch.queries.ids.map((ids) => ids.filter((id) => id !== 0)),
      passages,
      sampling: { seed: 0, maxPositives: 1, negatives: 2, inBatchNegatives: true },
      guide: undefined,
      frozen: ["embeddings."],
      microBatch,
      threads: 1,
      score: undefined,
      measure: "",
    });
  const run = async (microBatch: number | undefined) => {
    const opened = await task(microBatch);
    const found = await opened.gradients([2, 0, 1], 0);
    await opened.close();
    await expect(opened.gradients([0], 0), "after close").rejects.toThrow(/release|dispose|invalid/iu);
    return found;
  };
  const whole = await run(undefined);
  const parts = await run(2);
  expect(parts.loss).toBeCloseTo(whole.loss, 5);
  expect({ tokens: parts.tokens, facts: parts.facts }).toEqual({ tokens: whole.tokens, facts: whole.facts });
  expect([...parts.gradients.keys()].toSorted()).toEqual([...whole.gradients.keys()].toSorted());
  expect(whole.gradients.size).toBeGreaterThan(20);
  for (const [name, gradient] of whole.gradients) {
    if (!name.endsWith("key.bias")) {
      const own = parts.gradients.get(name);
      expect(relativeError(own && gradientValues(own), gradientValues(gradient))).toBeLessThan(1e-4);
    }
  }
});
