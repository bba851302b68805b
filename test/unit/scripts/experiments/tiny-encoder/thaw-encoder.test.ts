import { writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "vitest";
import { thawEncoder } from "../../../../../scripts/experiments/tiny-encoder/thaw-encoder.ts";
import { cosine } from "../../../../../src/encoder/vector.ts";
import { quantizeCommand } from "../../../../../training/commands/quantize.ts";
import { loadEncoder } from "../../../../../training/encoder/load-encoder.ts";
import { readModel } from "../../../../../training/onnx/reader.ts";
import { encodeModel } from "../../../../../training/onnx/writer.ts";
import { recordingContext } from "../../../../support/recording-context.ts";
import { temporaryFolder } from "../../../../support/temporary-folder.ts";
import { tinyTokenizerJson } from "../../../../support/tiny-tokenizer.ts";
import { TRAINING_FIXTURE_MODEL } from "../../../../support/training-fixture.ts";

const LENGTHS = { maxQueryLength: 8, maxPassageLength: 8 };
const TEXTS = ["the cat sat", "cats and the cat", "the"];

test("an edge encoder made float32 again embeds as the edge encoder does, run by onnxruntime", async ({
  expect,
  onTestFinished,
}) => {
  const folder = await temporaryFolder(onTestFinished);
  await writeFile(path.join(folder, "model.onnx"), encodeModel(await readModel(TRAINING_FIXTURE_MODEL)));
  await writeFile(path.join(folder, "tokenizer.json"), JSON.stringify(tinyTokenizerJson()));
  const [edge, output] = [path.join(folder, "edge"), path.join(folder, "thawed")];
  await quantizeCommand.execute({ model: folder, output: edge, force: true, ...LENGTHS }, recordingContext());
  const given = { edge, encoder: folder, passageTokens: LENGTHS.maxPassageLength, output };
  await thawEncoder({ ...given, layers: [0, 1] });
  const embed = async (of: string) => (await (await loadEncoder(of, LENGTHS)).encodeQueries(TEXTS)).embeddings;
  const [source, frozen, thawed] = [await embed(folder), await embed(edge), await embed(output)];
  for (const [index, embedding] of thawed.entries()) {
    const likeness = (other: Float32Array | undefined): number => cosine(embedding, other ?? new Float32Array());
    // What is left is the coding of inputs; the rounding of weights, which is more, is in both.
    expect(1 - likeness(frozen[index])).toBeLessThan(2e-6);
    expect(1 - likeness(source[index])).toBeGreaterThan(1 - likeness(frozen[index]));
  }
  await expect(thawEncoder({ ...given, layers: [0] })).rejects.toThrow(
    /the edge model has 2 layers and \d heads of \d+, expected 1 layers/u,
  );
});
