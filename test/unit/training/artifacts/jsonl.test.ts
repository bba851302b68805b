import { writeFile } from "node:fs/promises";
import path from "node:path";
import { gzipSync } from "node:zlib";
import * as fc from "fast-check";
import { describe, it } from "vitest";
import { z } from "zod";
import { readJsonl, readLines, toJsonl } from "../../../../training/artifacts/jsonl.ts";
import { anyText } from "../../../support/any-text.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const schema = z.strictObject({ id: z.string() });

describe("readJsonl", () => {
  it("round-trips any strings, line separators of Unicode included", async ({ expect, onTestFinished }) => {
    const file = path.join(await temporaryFolder(onTestFinished), "x.jsonl");
    await fc.assert(
      fc.asyncProperty(fc.array(anyText()), async (ids) => {
        const wellFormed = ids.map((id) => id.toWellFormed());
        await writeFile(file, [...toJsonl(wellFormed.map((id) => ({ id })))].join(""));
        const entries = await Array.fromAsync(readJsonl(file, schema));
        expect(entries.map(({ value }) => value.id)).toEqual(wellFormed);
      }),
      { numRuns: 30 },
    );
  });

  it("keeps U+2028 inside of a line, which readline would split", async ({ expect, onTestFinished }) => {
    const file = path.join(await temporaryFolder(onTestFinished), "x.jsonl");
    await writeFile(file, '{"id":"a\u2028b"}\n');
    expect(await Array.fromAsync(readJsonl(file, schema))).toEqual([{ line: 1, value: { id: "a\u2028b" } }]);
  });

  it("uncompresses a file named .gz and says so when it is cut off", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    const file = path.join(folder, "x.jsonl.gz");
    const lines = Array.from({ length: 500 }, (_, index) => ({ id: String(Math.sin(index)) }));
    const bytes = gzipSync([...toJsonl(lines)].join(""));
    await writeFile(file, bytes);
    expect((await Array.fromAsync(readJsonl(file, schema))).map(({ value }) => value)).toEqual(lines);
    await writeFile(file, bytes.subarray(0, bytes.length / 2));
    await expect(Array.fromAsync(readJsonl(file, schema))).rejects.toThrow(
      /cannot read .*x\.jsonl\.gz: unexpected end/u,
    );
    await expect(Array.fromAsync(readLines(path.join(folder, "none.gz")))).rejects.toThrow(/cannot read .*none\.gz/u);
  });

  it("reads \\r\\n, a byte order mark, empty lines and a last line without newline", async ({
    expect,
    onTestFinished,
  }) => {
    const file = path.join(await temporaryFolder(onTestFinished), "x.jsonl");
    await writeFile(file, '\uFEFF{"id":"a"}\r\n\r\n{"id":"b"}');
    expect(await Array.fromAsync(readJsonl(file, schema))).toEqual([
      { line: 1, value: { id: "a" } },
      { line: 3, value: { id: "b" } },
    ]);
  });

  it("joins a line that spans several reads", async ({ expect, onTestFinished }) => {
    const file = path.join(await temporaryFolder(onTestFinished), "x.jsonl");
    const long = "é".repeat(1_500_000);
    await writeFile(file, `{"id":"${long}"}\n{"id":"b"}\n`);
    const entries = await Array.fromAsync(readJsonl(file, schema));
    expect(entries.map(({ value }) => value.id.length)).toEqual([1_500_000, 1]);
  });

  it.for([
    ["not JSON", '{"id":"a"}\n{"id":\n', /x\.jsonl:2: not JSON/u],
    ["a wrong field", '{"id":"a"}\n\n{"id":3}\n', /x\.jsonl:3: id: .*expected string/u],
    ["a field too many", '{"id":"a","x":1}\n', /x\.jsonl:1: .*"x"/u],
    ["bytes that are not UTF-8", new Uint8Array([0x22, 0xff, 0x22, 0x0a]), /x\.jsonl:1: not valid UTF-8/u],
  ] as const)("names file and line of %s", async ([, content, message], { expect, onTestFinished }) => {
    const file = path.join(await temporaryFolder(onTestFinished), "x.jsonl");
    await writeFile(file, content);
    await expect(Array.fromAsync(readJsonl(file, schema))).rejects.toThrow(message);
  });

  it("says which file is missing", async ({ expect }) => {
    await expect(Array.fromAsync(readLines("/nowhere/x.jsonl"))).rejects.toMatchObject({
      code: "invalid_artifact",
      message: expect.stringMatching(/cannot read \/nowhere\/x\.jsonl/u) as string,
    });
  });
});
