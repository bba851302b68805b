import { existsSync, readFileSync } from "node:fs";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, test } from "vitest";
import { ANSWER_PROMPTS } from "../../training/scoring/answer-prompts.ts";
import { openOnnxLm } from "../../training/scoring/onnx-source-lm.ts";
import { sharedFolder } from "../support/shared-folder.ts";

const GOLDENS = "fixtures/smollm2-likelihood/expected.json.gz";
/** 1e-3 per token is the order of summation, as the fixture says; a mean of a few tokens stays below it. */
const TOLERANCE = 1e-3;

interface Scored {
  readonly prompt: string;
  readonly prompt_ids: readonly number[];
  readonly token_logprobs: readonly number[];
}
interface Goldens {
  readonly queries: readonly {
    readonly question: string;
    readonly answer: string;
    readonly without_passage: Scored;
    readonly passages: readonly Scored[];
  }[];
}

/** The fp32 export of the fixture's LM (`models/export_causal_lm_onnx.py`), which is too large to be kept beside it. */
const lmFolder = process.env["AAR_SMOLLM2_ONNX"] ?? path.resolve(import.meta.dirname, "../../.aar/smollm2-onnx");
const hasLm = existsSync(path.join(lmFolder, "model.onnx"));
if (!hasLm) {
  process.stderr.write(
    `no model.onnx of SmolLM2-135M in ${lmFolder} (AAR_SMOLLM2_ONNX): its likelihoods are not checked\n`,
  );
}
const shared = sharedFolder(GOLDENS);

describe.skipIf(shared === undefined || !hasLm)("answer log-probabilities of SmolLM2-135M, made in PyTorch", () => {
  test("are reproduced by the ONNX scorer, token by token", { timeout: 600_000 }, async ({ expect }) => {
    const goldens = JSON.parse(gunzipSync(readFileSync(path.join(shared ?? "", GOLDENS))).toString("utf8")) as Goldens;
    const lm = await openOnnxLm(lmFolder);
    const plain = ANSWER_PROMPTS.plain;
    const differences: number[] = [];
    for (const { question, answer, without_passage: without, passages } of goldens.queries) {
      expect(await plain.render(lm, { question, passages: [] })).toBe(without.prompt);
      for (const run of [without, ...passages]) {
        const got = await lm.answerLogProbs({ prompt: run.prompt, answer: plain.beforeAnswer + answer });
        expect(got.length).toBe(run.token_logprobs.length);
        differences.push(
          ...Array.from(got, (value, index) => Math.abs(value - (run.token_logprobs[index] ?? Number.NaN))),
        );
      }
    }
    await lm.close();
    process.stderr.write(
      `${differences.length} tokens, largest difference ${Math.max(...differences).toExponential(1)}\n`,
    );
    expect(differences.length).toBeGreaterThan(200);
    expect(Math.max(...differences)).toBeLessThan(TOLERANCE);
  });
});
