import { readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { test } from "vitest";
import { matchRankings } from "../../../../../scripts/experiments/tiny-encoder/match-rankings.ts";
import { loadEncoder } from "../../../../../training/encoder/load-encoder.ts";
import { train } from "../../../../../training/trainer/train.ts";
import { resolveTrainingOptions } from "../../../../../training/trainer/training-options.ts";
import { silentProgress } from "../../../../support/silent-progress.ts";
import { temporaryFolder } from "../../../../support/temporary-folder.ts";
import { tinyTrainingFolder } from "../../../../support/tiny-training-folder.ts";

test("a small encoder learns to rank passages as the full one does, over the full one's vectors", async ({
  expect,
  onTestFinished,
}) => {
  const folder = await temporaryFolder(onTestFinished);
  const { encoder, vectors } = await tinyTrainingFolder(folder);
  const texts = path.join(folder, "texts.txt");
  const lines = Array.from({ length: 140 }, (_, index) => `q${index % 14} p${Math.floor(index / 14)}`);
  await writeFile(texts, lines.map((line) => `${line}\n`).join(""));
  const running = {
    threads: 1,
    cache: path.join(folder, "cache"),
    log: () => undefined,
    progress: silentProgress,
    signal: new AbortController().signal,
  };
  const { maxPassageLength: passageTokens } = (await loadEncoder(encoder)).manifest; // as the vectors were made
  const options = resolveTrainingOptions(
    {
      mode: "distill",
      encoder,
      layers: [1],
      texts,
      epochs: 2,
      maxPassageLength: passageTokens,
      output: path.join(folder, "aligned"),
    },
    {},
  );
  const { result: tiny } = await train({ ...running, options, overwrite: false });
  const ranked = await matchRankings({
    ...running,
    encoder,
    work: folder,
    tiny,
    texts,
    count: 100,
    vectors: [vectors, vectors],
    epochs: 8,
    learningRate: 1e-3,
    passageTokens,
  });
  const examples = (await readFile(path.join(folder, "rankings.jsonl"), "utf8")).trim().split("\n");
  expect(examples).toHaveLength(100);
  const [first] = examples.map((line) => JSON.parse(line) as { positives: { passage_id: string }[]; scores: object });
  const scores = Object.entries(first?.scores ?? {}).map(([id, score]) => ({ id, score: Number(score) }));
  expect(scores.toSorted((a, b) => b.score - a.score)[0]?.id).toBe(first?.positives[0]?.passage_id);
  const metrics = (await readFile(path.join(folder, "ranked", "metrics.jsonl"), "utf8")).trim().split("\n");
  const losses = metrics.flatMap((line) => (JSON.parse(line) as { loss?: number }).loss ?? []);
  expect(losses.at(-1)).toBeLessThan((losses[0] ?? 0) / 2);
  expect((await loadEncoder(ranked)).fingerprint).toBe((await loadEncoder(encoder)).fingerprint);
});
