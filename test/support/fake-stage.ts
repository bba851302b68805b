import { readFile, writeFile } from "node:fs/promises";
import type { Stage } from "../../training/adapt/stage.ts";

export interface FakeStageOptions {
  readonly id: string;
  readonly inputs?: Readonly<Record<string, string>>;
  readonly output: string;
  readonly options?: Readonly<Record<string, unknown>>;
  /** What it writes, from the texts of its inputs; what it throws ends the run. Default: all of them and its options. */
  readonly work?: (texts: readonly string[]) => string;
}

export interface FakeStage extends Stage {
  /** How often it was run. */
  readonly runs: { count: number };
}

/** A stage that joins its inputs into one output file. */
export function fakeStage({ id, inputs = {}, output, options = {}, work }: FakeStageOptions): FakeStage {
  const runs = { count: 0 };
  return {
    id,
    commandLine: `fake ${id}`,
    options,
    inputs,
    outputs: { out: output },
    estimate: { seconds: 1, tokens: 0 },
    runs,
    async run() {
      runs.count++;
      const texts = await Promise.all(Object.values(inputs).map((file) => readFile(file, "utf8")));
      await writeFile(output, work === undefined ? `${texts.join("+")} ${JSON.stringify(options)}` : work(texts));
      return { tokens: 7, facts: { id } };
    },
  };
}
