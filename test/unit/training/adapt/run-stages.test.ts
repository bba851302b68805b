import { existsSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { AppError } from "../../../../src/shared/errors.ts";
import { planStages, runStages } from "../../../../training/adapt/run-stages.ts";
import { fakeContext } from "../../../support/fake-context.ts";
import { fakeStage } from "../../../support/fake-stage.ts";
import type { FakeStageOptions } from "../../../support/fake-stage.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

/** source -> a -> b -> c, each a file in `work`. */
async function chain(
  onTestFinished: Parameters<typeof temporaryFolder>[0],
  given: { readonly [id: string]: Partial<FakeStageOptions> } = {},
) {
  const work = await temporaryFolder(onTestFinished);
  const file = (name: string): string => path.join(work, name);
  await writeFile(file("source"), "text");
  const build = (overrides = given) => [
    fakeStage({ id: "a", inputs: { source: file("source") }, output: file("a"), ...overrides["a"] }),
    fakeStage({ id: "b", inputs: { a: file("a") }, output: file("b"), ...overrides["b"] }),
    fakeStage({ id: "c:last", inputs: { b: file("b") }, output: file("c"), ...overrides["c"] }),
  ];
  const run = async (stages: ReturnType<typeof build>) => {
    const results = await runStages({ stages, work, context: fakeContext() });
    return results.filter(({ wasRun }) => wasRun).map(({ id }) => id);
  };
  return { work, file, build, run };
}

describe("runStages", () => {
  it("runs each stage once; a second run does nothing", async ({ expect, onTestFinished }) => {
    const { build, run, file } = await chain(onTestFinished);
    expect(await run(build())).toEqual(["a", "b", "c:last"]);
    expect(await readFile(file("c"), "utf8")).toBe("text {} {} {}");
    expect(await run(build())).toEqual([]);
  });

  it("runs again what an option or an input has changed, and what depends on it", async ({
    expect,
    onTestFinished,
  }) => {
    const { build, run, file } = await chain(onTestFinished);
    await run(build());
    expect(await run(build({ b: { options: { k: 2 } } }))).toEqual(["b", "c:last"]);
    await writeFile(file("source"), "other");
    expect(await run(build({ b: { options: { k: 2 } } }))).toEqual(["a", "b", "c:last"]);
  });

  it("stops where a changed stage gives the same output as before", async ({ expect, onTestFinished }) => {
    const constant = { a: { work: () => "same" } };
    const { build, run, file } = await chain(onTestFinished, constant);
    await run(build());
    await writeFile(file("source"), "other");
    expect(await run(build())).toEqual(["a"]);
  });

  it("runs again what lost or altered its output", async ({ expect, onTestFinished }) => {
    const { build, run, file } = await chain(onTestFinished);
    await run(build());
    await rm(file("a"));
    expect(await run(build())).toEqual(["a"]);
    await writeFile(file("c"), "by hand");
    expect(await run(build())).toEqual(["c:last"]);
    expect(await readFile(file("c"), "utf8")).toBe("text {} {} {}");
  });

  it("goes on at the stage that failed", async ({ expect, onTestFinished }) => {
    const { build, run, work } = await chain(onTestFinished);
    const failing = build({
      b: {
        work: () => {
          throw new AppError("upstream_unavailable", "the LM died");
        },
      },
    });
    await expect(runStages({ stages: failing, work, context: fakeContext() })).rejects.toThrow("the LM died");
    expect(await run(build())).toEqual(["b", "c:last"]);
  });

  it("records time, tokens, hashes and what was said", async ({ expect, onTestFinished }) => {
    const { build, work } = await chain(onTestFinished);
    let clock = 0;
    const now = (): number => (clock += 1500);
    const [result] = await runStages({ stages: build().slice(0, 1), work, context: fakeContext(), now });
    expect(result?.record).toMatchObject({
      id: "a",
      seconds: 1.5,
      tokens: 7,
      facts: { id: "a" },
      commandLine: "fake a",
    });
    expect(result?.record.inputs["source"]).toMatch(/^[0-9a-f]{64}$/u);
    expect(result?.record.outputs["out"]).toMatch(/^[0-9a-f]{64}$/u);
  });

  it("refuses an input that no stage makes before any stage runs", async ({ expect, onTestFinished }) => {
    const { build, run, file } = await chain(onTestFinished);
    const stages = build({ c: { inputs: { b: file("b"), lm: file("lm.gguf") } } });
    await expect(run(stages)).rejects.toThrow(/stage c:last: its input .*lm\.gguf does not exist/u);
    expect(existsSync(file("a"))).toBe(false);
  });

  it("refuses a missing input, a stage that did not write, a broken record, and a second runner", async ({
    expect,
    onTestFinished,
  }) => {
    const { build, run, work, file } = await chain(onTestFinished);
    await rm(file("source"));
    await expect(run(build())).rejects.toThrow(/stage a: its input .*source does not exist/u);
    await writeFile(file("source"), "text");
    const lazy = build().map((stage) => ({ ...stage, run: () => Promise.resolve({ tokens: 0, facts: 0 }) }));
    await expect(runStages({ stages: lazy, work, context: fakeContext() })).rejects.toThrow(/stage a did not write/u);
    await run(build());
    await writeFile(file("stages/c.last.json"), "{}");
    await expect(run(build())).rejects.toThrow(/c.last.json is no record of a stage; delete it/u);
    await writeFile(file("writer.lock"), String(process.pid));
    await expect(run(build())).rejects.toThrow(/is being written by process/u);
  });

  it("stops between two stages when interrupted", async ({ expect, onTestFinished }) => {
    const interrupt = new AbortController();
    const { build, work, run } = await chain(onTestFinished);
    const stopping = build({
      a: {
        work: () => {
          interrupt.abort(new AppError("aborted", "interrupted"));
          return "done";
        },
      },
    });
    const context = fakeContext({ signal: interrupt.signal });
    await expect(runStages({ stages: stopping, work, context })).rejects.toThrow("interrupted");
    expect(await run(build({ a: { work: () => "done" } }))).toEqual(["b", "c:last"]);
  });
});

describe("planStages", () => {
  it("says what is done, changed, new, and what waits for those", async ({ expect, onTestFinished }) => {
    const { build, run, work, file } = await chain(onTestFinished);
    const states = async (stages = build()) => (await planStages({ stages, work })).map(({ state }) => state);
    expect(await states()).toEqual(["new", "waits", "waits"]);
    await run(build());
    expect(await states()).toEqual(["done", "done", "done"]);
    expect(await states(build({ b: { options: { k: 2 } } }))).toEqual(["done", "changed", "waits"]);
    await writeFile(file("source"), "other");
    expect(await states()).toEqual(["changed", "waits", "waits"]);
  });
});
