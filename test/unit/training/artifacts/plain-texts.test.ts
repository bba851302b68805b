import { writeFile } from "node:fs/promises";
import path from "node:path";
import { gzipSync } from "node:zlib";
import { test } from "vitest";
import { loadPlainTexts } from "../../../../training/artifacts/plain-texts.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

test.for([
  ["texts.txt", "one\n\n two \none\n", ["one", "two"]],
  ["corpus.jsonl", '{"_id":"a","title":"T","text":"x"}\n{"_id":"b","text":"y"}\n', ["T x", "y"]],
  ["train.jsonl.gz", gzipSync('{"queryId":"q","query":"why?","positives":[]}\n'), ["why?"]],
] as const)("%s", async ([name, content, texts], { expect, onTestFinished }) => {
  const file = path.join(await temporaryFolder(onTestFinished), name);
  await writeFile(file, content);
  expect((await loadPlainTexts(file)).map(({ text }) => text)).toEqual(texts);
});

test.for([
  ["texts.txt", "\n\n", /texts\.txt has no texts; expected one a line/u],
  ["texts.jsonl", '{"body":"x"}\n', /texts\.jsonl:1: /u],
] as const)("%s without texts is refused", async ([name, content, message], { expect, onTestFinished }) => {
  const file = path.join(await temporaryFolder(onTestFinished), name);
  await writeFile(file, content);
  await expect(loadPlainTexts(file)).rejects.toThrow(message);
});
