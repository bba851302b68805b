import { readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "vitest";
import { loadEncoder } from "../../../../../training/encoder/load-encoder.ts";
import { encodeCorpus } from "../../../../../training/indexing/encode-corpus.ts";
import { baseGuide } from "../../../../../training/trainer/modes/base-guide.ts";
import { resolveTrainingOptions } from "../../../../../training/trainer/training-options.ts";
import type { GivenTrainingOptions } from "../../../../../training/trainer/training-options.ts";
import { silentProgress } from "../../../../support/silent-progress.ts";
import { temporaryFolder } from "../../../../support/temporary-folder.ts";
import { tinyTrainingFolder } from "../../../../support/tiny-training-folder.ts";

const QUERIES = ["q3 q3", "q5"];

async function setUp(onTestFinished: Parameters<typeof temporaryFolder>[0]) {
  const folder = await temporaryFolder(onTestFinished);
  const files = await tinyTrainingFolder(folder);
  const encoder = await loadEncoder(files.encoder);
  const corpus = (await readFile(files.corpus, "utf8")).trim().split("\n");
  const passageIds = corpus.map((line) => (JSON.parse(line) as { _id: string })._id); // the support file wrote it
  const guideOf = async (changes: GivenTrainingOptions = {}, ids: readonly string[] = passageIds) => {
    const given = { mode: "both", output: path.join(folder, "run"), vectors: files.vectors, maskMargin: 0.25 } as const;
    return await baseGuide({
      options: resolveTrainingOptions({ ...given, ...changes }, {}),
      threads: 1,
      cache: path.join(folder, "cache"),
      log: () => undefined,
      progress: silentProgress,
      signal: new AbortController().signal,
      encoder,
      examples: QUERIES.map((query, index) => {
        return { queryId: `t${index}`, query, positives: [index], hardNegatives: [], scores: new Map() };
      }),
      passageIds: ids,
    });
  };
  return { folder, files, encoder, passageIds, guideOf };
}

test("questions are embedded by the base, passages come from the vectors, in the corpus' order", async ({
  expect,
  onTestFinished,
}) => {
  const { encoder, passageIds, guideOf } = await setUp(onTestFinished);
  const { queries, passages, margin } = await guideOf();
  const { embeddings } = await encoder.encodeQueries(QUERIES);
  expect(queries).toEqual({ dims: 16, matrix: Float32Array.from(embeddings.flatMap((vector) => [...vector])) });
  expect(passages.matrix).toHaveLength(16 * passageIds.length);
  const [, second] = (
    await encoder.encodePassages([
      { title: "", text: "p0 p0" },
      { title: "", text: "p1 p0" },
    ])
  ).embeddings;
  for (const [dimension, value] of (second ?? new Float32Array()).entries()) {
    expect(passages.matrix[16 + dimension]).toBeCloseTo(value, 5);
  }
  expect(margin).toBe(0.25);
});

test("it is refused without vectors", async ({ expect, onTestFinished }) => {
  const { guideOf } = await setUp(onTestFinished);
  await expect(guideOf({ vectors: undefined })).rejects.toThrow(/mode both needs --vectors/u);
});

test.for([
  ["fewer passages", (ids: readonly string[]) => ids.slice(1)],
  ["the same number of others", (ids: readonly string[]) => [...ids.slice(1), "d99"]],
] as const)("vectors are refused for a corpus of %s", async ([, change], { expect, onTestFinished }) => {
  const { passageIds, guideOf } = await setUp(onTestFinished);
  await expect(guideOf({}, change(passageIds))).rejects.toThrow(/has 14 passages, the corpus has 1[34], or others/u);
});

test("vectors of another encoder are refused", async ({ expect, onTestFinished }) => {
  const { folder, files, guideOf } = await setUp(onTestFinished);
  const other = await loadEncoder(files.encoder, { passagePrefix: "p2 " });
  const vectors = path.join(folder, "other");
  await encodeCorpus({ corpus: files.corpus, output: vectors, encoder: other, progress: silentProgress });
  await expect(guideOf({ vectors })).rejects.toMatchObject({ code: "fingerprint_mismatch" });
});
