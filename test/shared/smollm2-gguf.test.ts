import { readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, test } from "vitest";
import { loadNodeLlamaCpp } from "../../training/llama/node-llama-cpp.ts";
import { openGgufLm } from "../../training/scoring/gguf-source-lm.ts";
import { rankCorrelation } from "../../training/scoring/rank-correlation.ts";
import { sharedFolder } from "../support/shared-folder.ts";

const GOLDENS = "fixtures/smollm2-likelihood/expected.json.gz";
const MODEL = "models/smollm2-135m-instruct/SmolLM2-135M-Instruct.Q4_1.gguf";
/** llama.cpp rounds activations to 8 bits; the fixture says to compare gains with about 0.3, or by ranks. */
const GAIN_TOLERANCE = 0.3;
const QUERIES = 4;

interface Run {
  readonly prompt: string;
  readonly mean: number;
  readonly gain: number;
}
interface Goldens {
  readonly queries: readonly { answer: string; without_passage: Run; passages: readonly Run[] }[];
}

const shared = sharedFolder(GOLDENS, MODEL);
const isInstalled = await loadNodeLlamaCpp().then(
  () => true,
  (error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    return false;
  },
);

describe.skipIf(shared === undefined || !isInstalled)("likelihood gains of SmolLM2-135M, made in PyTorch", () => {
  test("are reproduced by llama.cpp as far as its rounding lets it", { timeout: 600_000 }, async ({ expect }) => {
    const folder = shared ?? "";
    const goldens = JSON.parse(gunzipSync(readFileSync(path.join(folder, GOLDENS))).toString("utf8")) as Goldens;
    const lm = await openGgufLm(path.join(folder, MODEL), { threads: 1 });
    const mean = async (prompt: string, answer: string): Promise<number> => {
      const logProbs = await lm.answerLogProbs({ prompt, answer: ` ${answer}` });
      return logProbs.reduce((sum, value) => sum + value, 0) / logProbs.length;
    };
    const correlations: number[] = [];
    const differences: number[] = [];
    for (const { answer, without_passage: without, passages } of goldens.queries.slice(0, QUERIES)) {
      const baseline = await mean(without.prompt, answer);
      const gains: number[] = [];
      for (const { prompt } of passages) {
        gains.push((await mean(prompt, answer)) - baseline);
      }
      differences.push(...gains.map((gain, index) => Math.abs(gain - (passages[index]?.gain ?? Number.NaN))));
      correlations.push(
        rankCorrelation(
          gains,
          passages.map(({ gain }) => gain),
        ) ?? Number.NaN,
      );
    }
    await lm.close();
    const meanOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
    process.stderr.write(
      `${differences.length} gains: mean difference ${meanOf(differences).toFixed(3)}, rank correlation ${meanOf(correlations).toFixed(3)}\n`,
    );
    expect(meanOf(differences)).toBeLessThan(GAIN_TOLERANCE);
    expect(meanOf(correlations)).toBeGreaterThan(0.7);
  });
});
