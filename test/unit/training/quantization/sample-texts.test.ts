import { mkdir } from "node:fs/promises";
import path from "node:path";
import { test } from "vitest";
import { CALIBRATION_PHASE, PARITY_PHASE, sampleTexts } from "../../../../training/quantization/sample-texts.ts";
import { writeBeirFolder } from "../../../support/beir-folder.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

async function folderOf(parent: string, name: string, count: number): Promise<string> {
  const folder = path.join(parent, name);
  await mkdir(folder);
  const lines = Array.from({ length: count }, (_, index) => ({
    _id: `${name}-${index}`,
    text: `${name} text ${index}`,
  }));
  await writeBeirFolder(folder, { "corpus.jsonl": lines, "queries.jsonl": lines });
  return folder;
}

test.for([1, 3, 10, 50, 99])(
  "calibration never sees a text that parity is measured on: %i texts",
  async (count, { expect, onTestFinished }) => {
    const parent = await temporaryFolder(onTestFinished);
    const folders = [await folderOf(parent, "a", 101), await folderOf(parent, "b", 40)];
    const shared = { folders, passages: count, queries: count };
    const measured = await sampleTexts({ ...shared, phase: PARITY_PHASE });
    const seen = await sampleTexts({ ...shared, phase: CALIBRATION_PHASE });
    expect(measured.passages.filter(({ text }) => seen.passages.some((other) => other.text === text))).toEqual([]);
    expect(measured.queries.filter((text) => seen.queries.includes(text))).toEqual([]);
  },
);

test("folders share the number, and what a small one lacks the next gives", async ({ expect, onTestFinished }) => {
  const parent = await temporaryFolder(onTestFinished);
  const folders = [await folderOf(parent, "small", 10), await folderOf(parent, "large", 200)];
  const { passages, queries } = await sampleTexts({ folders, passages: 60, queries: 8, phase: PARITY_PHASE });
  expect(passages.filter(({ text }) => text.startsWith("small"))).toHaveLength(5);
  expect(passages).toHaveLength(60);
  expect(queries.filter((text) => text.startsWith("small"))).toHaveLength(4);
});
