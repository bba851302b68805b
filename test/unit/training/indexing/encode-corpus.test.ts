import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import * as fc from "fast-check";
import { describe, it } from "vitest";
import type { Encoder } from "../../../../src/encoder/encoder.ts";
import { loadVectorSet, vectorAt } from "../../../../training/artifacts/vector-set.ts";
import { encodeCorpus } from "../../../../training/indexing/encode-corpus.ts";
import type { EncodeCorpusOptions } from "../../../../training/indexing/encode-corpus.ts";
import { fakeEncoder } from "../../../support/fake-encoder.ts";
import { silentProgress } from "../../../support/silent-progress.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const SCRIPT = fileURLToPath(new URL("../../../support/encode-slowly.ts", import.meta.url));
const WORDS = ["coast", "river", "capital", "north", "people", "trade"];

type CleanUp = Parameters<typeof temporaryFolder>[0];

interface Fixture {
  readonly folder: string;
  readonly corpus: string;
  readonly output: string;
}

/** Passages of different lengths, so that sorting by length reorders them. */
async function corpusOf(count: number, onTestFinished: CleanUp): Promise<Fixture> {
  const folder = await temporaryFolder(onTestFinished);
  const corpus = path.join(folder, "corpus.jsonl");
  const lines = Array.from({ length: count }, (_, index) => {
    const text = Array.from({ length: 1 + ((index * 7) % 5) }, (_, word) => WORDS[(index + word) % WORDS.length]).join(
      " ",
    );
    return `${JSON.stringify({ _id: `p${index}`, title: `t${index}`, text })}\n`;
  });
  await writeFile(corpus, lines.join(""));
  return { folder, corpus, output: path.join(folder, "vectors") };
}

function encode(options: Partial<EncodeCorpusOptions> & Fixture): ReturnType<typeof encodeCorpus> {
  return encodeCorpus({ encoder: fakeEncoder(), shardSize: 3, progress: silentProgress, ...options });
}

async function bytesOf(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).toSorted();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, await readFile(path.join(folder, name), "hex")] as const)),
  );
}

/** An encoder that counts passages and can be told to fail after some calls. */
function countingEncoder(failAfterCalls = Infinity): { encoder: Encoder; encoded: () => number } {
  const fake = fakeEncoder();
  let calls = 0;
  let passages = 0;
  const encoder: Encoder = {
    ...fake,
    encodePassages: async (batch) => {
      calls++;
      if (calls > failAfterCalls) {
        throw new Error("killed");
      }
      passages += batch.length;
      return await fake.encodePassages(batch);
    },
  };
  return { encoder, encoded: () => passages };
}

describe("encodeCorpus", () => {
  it("keeps the order of the corpus", async ({ expect, onTestFinished }) => {
    const fixture = await corpusOf(8, onTestFinished);
    const { facts, reused } = await encode(fixture);
    expect([facts.count, reused]).toEqual([8, 0]);
    const set = await loadVectorSet(fixture.output);
    expect(set.ids).toEqual(Array.from({ length: 8 }, (_, index) => `p${index}`));
    const { embeddings } = await fakeEncoder().encodePassages([{ title: "t5", text: "trade" }]);
    expect(vectorAt(set, 5)).toEqual(embeddings[0]);
  });

  it("gives the same bytes whatever the size of a shard", async ({ expect, onTestFinished }) => {
    const fixture = await corpusOf(10, onTestFinished);
    const outputs = await Promise.all(
      [1, 3, 10, 1000].map(async (shardSize) => {
        const output = path.join(fixture.folder, `by-${shardSize}`);
        await encode({ ...fixture, output, shardSize });
        return (await loadVectorSet(output)).matrix;
      }),
    );
    for (const matrix of outputs) {
      expect(matrix).toEqual(outputs[0]);
    }
  });

  it("goes on after any failure, encodes nothing finished twice, and ends with the same bytes", async ({
    expect,
    onTestFinished,
  }) => {
    const fixture = await corpusOf(10, onTestFinished);
    await encode(fixture);
    const expected = await bytesOf(fixture.output);
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: 3 }), async (failAfterCalls) => {
        const output = path.join(fixture.folder, `failing-${failAfterCalls}`);
        await rm(output, { recursive: true, force: true });
        await expect(encode({ ...fixture, output, encoder: countingEncoder(failAfterCalls).encoder })).rejects.toThrow(
          "killed",
        );
        const { encoder, encoded } = countingEncoder();
        const { reused } = await encode({ ...fixture, output, encoder });
        expect([reused, encoded()]).toEqual([3 * failAfterCalls, 10 - 3 * failAfterCalls]);
        expect(await bytesOf(output)).toEqual(expected);
      }),
      { numRuns: 8 },
    );
  });

  it.for([1, 3, 4])(
    "a process killed in call %i leaves what the next one finishes to the same bytes",
    async (call, { expect, onTestFinished }) => {
      const fixture = await corpusOf(11, onTestFinished);
      const whole = path.join(fixture.folder, "whole");
      await encode({ ...fixture, output: whole });
      await runUntilCall(fixture, call);
      expect(await loadVectorSet(fixture.output).catch((error: unknown) => String(error))).toMatch(
        /no finished vectors/u,
      );
      await runUntilCall(fixture, Infinity);
      expect(await bytesOf(fixture.output)).toEqual(await bytesOf(whole));
    },
  );

  it("a shard that was cut off is encoded again", async ({ expect, onTestFinished }) => {
    const fixture = await corpusOf(9, onTestFinished);
    await expect(encode({ ...fixture, encoder: countingEncoder(2).encoder })).rejects.toThrow("killed");
    const shard = path.join(fixture.output, "parts/000001.bin");
    await writeFile(shard, (await readFile(shard)).subarray(1));
    const { encoder, encoded } = countingEncoder();
    await encode({ ...fixture, encoder });
    expect(encoded()).toBe(6);
  });

  it("does nothing when everything is there", async ({ expect, onTestFinished }) => {
    const fixture = await corpusOf(4, onTestFinished);
    await encode(fixture);
    const { encoder, encoded } = countingEncoder();
    expect((await encode({ ...fixture, encoder })).reused).toBe(4);
    expect(encoded()).toBe(0);
  });

  it("takes over another folder's vectors of the same passages and encoder, and no others", async ({
    expect,
    onTestFinished,
  }) => {
    const fixture = await corpusOf(8, onTestFinished);
    await encode(fixture);
    const second = { ...fixture, output: path.join(fixture.folder, "second"), reuse: fixture.output };
    const same = countingEncoder();
    await expect(encode({ ...second, encoder: same.encoder })).resolves.toMatchObject({ reused: 8 });
    expect(same.encoded()).toBe(0);
    expect(await bytesOf(second.output)).toEqual(await bytesOf(fixture.output));
    const other = countingEncoder();
    const encoder = { ...other.encoder, fingerprint: "0".repeat(64) };
    const third = { ...second, output: path.join(fixture.folder, "third"), encoder };
    await expect(encode(third)).resolves.toMatchObject({ reused: 0 });
    expect(other.encoded()).toBe(8);
    expect(await bytesOf(fixture.output)).toEqual(await bytesOf(second.output));
  });

  it("refuses a folder with another encoder's vectors, finished or not, unless told to overwrite", async ({
    expect,
    onTestFinished,
  }) => {
    const fixture = await corpusOf(7, onTestFinished);
    const other = fakeEncoder({ fingerprint: "e".repeat(64) });
    await expect(encode({ ...fixture, encoder: countingEncoder(1).encoder })).rejects.toThrow("killed");
    await expect(encode({ ...fixture, encoder: other })).rejects.toThrow(/holds vectors of another corpus, encoder/u);
    await encode(fixture);
    await expect(encode({ ...fixture, encoder: other })).rejects.toThrow(/pass --overwrite/u);
    const { facts } = await encode({ ...fixture, encoder: other, overwrite: true });
    expect(facts.encoderFingerprint).toBe(other.fingerprint);
  });

  it("refuses a folder that a living process writes, and takes over from a dead one", async ({
    expect,
    onTestFinished,
  }) => {
    const fixture = await corpusOf(2, onTestFinished);
    const lock = path.join(fixture.output, "writer.lock");
    await mkdir(fixture.output);
    await writeFile(lock, String(process.pid));
    await expect(encode(fixture)).rejects.toThrow(`is being written by process ${process.pid}`);
    await writeFile(lock, String(spawnSync(process.execPath, ["--version"]).pid));
    expect((await encode(fixture)).facts.count).toBe(2);
    expect(existsSync(lock)).toBe(false);
  });

  it("reads the whole corpus before it encodes: a bad last line costs no hour", async ({ expect, onTestFinished }) => {
    const fixture = await corpusOf(5, onTestFinished);
    await writeFile(fixture.corpus, '{"_id":"p0","text":"again"}\n', { flag: "a" });
    const { encoder, encoded } = countingEncoder();
    await expect(encode({ ...fixture, encoder })).rejects.toThrow(/corpus\.jsonl:6: id "p0" is already on line 1/u);
    expect(encoded()).toBe(0);
  });

  it("refuses to encode passages by an encoder of queries", async ({ expect, onTestFinished }) => {
    const fixture = await corpusOf(2, onTestFinished);
    const encoder = fakeEncoder({ manifest: { compatibleWith: "c".repeat(64) } });
    await expect(encode({ ...fixture, encoder })).rejects.toMatchObject({ code: "fingerprint_mismatch" });
  });

  it("refuses an embedding that is not finite", async ({ expect, onTestFinished }) => {
    const fixture = await corpusOf(2, onTestFinished);
    const encoder: Encoder = {
      ...fakeEncoder(),
      encodePassages: (batch) =>
        Promise.resolve({ embeddings: batch.map(() => new Float32Array(16).fill(NaN)), tokenCount: 0 }),
    };
    await expect(encode({ ...fixture, encoder })).rejects.toMatchObject({ code: "encoder_failed" });
  });

  it("stops when it is told to", async ({ expect, onTestFinished }) => {
    const fixture = await corpusOf(2, onTestFinished);
    await expect(encode({ ...fixture, signal: AbortSignal.abort(new Error("stop")) })).rejects.toThrow("stop");
  });
});

describe("loadVectorSet", () => {
  it.for(["vectors.f32", "ids.txt"])("notices a changed %s", async (name, { expect, onTestFinished }) => {
    const fixture = await corpusOf(3, onTestFinished);
    await encode(fixture);
    const file = path.join(fixture.output, name);
    const bytes = await readFile(file);
    bytes[0] = (bytes[0] ?? 0) ^ 1;
    await writeFile(file, bytes);
    await expect(loadVectorSet(fixture.output)).rejects.toThrow(/is not the file that its meta file describes/u);
  });

  it("reads int8 back as float32 near the original", async ({ expect, onTestFinished }) => {
    const fixture = await corpusOf(3, onTestFinished);
    const exact = path.join(fixture.folder, "exact");
    await encode({ ...fixture, output: exact });
    await encode({ ...fixture, dtype: "int8" });
    const [a, b] = [await loadVectorSet(exact), await loadVectorSet(fixture.output)];
    expect(Math.max(...a.matrix.map((value, i) => Math.abs(value - (b.matrix[i] ?? NaN))))).toBeLessThan(0.5 / 127);
  });
});

/** Runs the encoding process and kills it, without warning, when it begins its n-th call. */
async function runUntilCall({ corpus, output }: Fixture, call: number): Promise<void> {
  const child = spawn(process.execPath, [SCRIPT, corpus, output], { stdio: ["ignore", "pipe", "inherit"] });
  const exit = once(child, "exit");
  let calls = 0;
  for await (const _line of createInterface({ input: child.stdout })) {
    calls++;
    if (calls === call) {
      child.kill("SIGKILL");
    }
  }
  const [code, signal] = (await exit) as [number | null, string | null];
  if (call === Infinity ? code !== 0 : signal !== "SIGKILL") {
    throw new Error(`the process ended with ${code ?? signal}`);
  }
}
