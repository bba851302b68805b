import { rm } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { exposeCrossAttention } from "../../../../../training/scoring/fid/cross-attention.ts";
import { fidSegment } from "../../../../../training/scoring/fid/fid-attention.ts";
import { openFidLm } from "../../../../../training/scoring/fid/fid-lm.ts";
import { createLmTokenizer } from "../../../../../training/scoring/lm-tokenizer.ts";
import { SIGNALS } from "../../../../../training/scoring/signals.ts";
import { temporaryFolder } from "../../../../support/temporary-folder.ts";
import { tinyFidDecoder, tinyFidReference, writeTinyFid } from "../../../../support/tiny-fid.ts";
import { tinyLmTokenizerJson } from "../../../../support/tiny-lm.ts";

const question = "who was it?";
const passages = ["ada wrote it", "the sea", "a"].map((text) => ({ id: text, title: "not shown", text }));
const item = { query: { id: "q", text: question, answers: [], choices: [] }, passages };

/** Scores of the three signals by their definitions, over the reference's logits. */
function expectedScores(): Record<string, number[]> {
  const tokenizer = createLmTokenizer(tinyLmTokenizerJson());
  const segments = passages.map(({ text }) => [...tokenizer.encode(fidSegment(question, text)), 7]);
  const references = segments.map(tinyFidReference);
  const heads = [0, 1];
  const totals = heads.map((head) =>
    references.flatMap(({ logits }) => logits[head] ?? []).reduce((sum, logit) => sum + Math.exp(logit), 0),
  );
  const mean = (of: (logit: number, head: number, norm: number) => number): number[] =>
    references.map(({ logits, norms }, segment) => {
      const values = heads.flatMap((head) =>
        (logits[head] ?? []).map((logit, token) => of(logit, head, norms[head]?.[token] ?? 0)),
      );
      return values.reduce((sum, value) => sum + value, 0) / (2 * (segments[segment]?.length ?? 1));
    });
  const probability = (logit: number, head: number): number => Math.exp(logit) / (totals[head] ?? 1);
  return {
    "fid-attention": mean((logit) => logit),
    "fid-attention-probability": mean(probability),
    "fid-attention-norm": mean((logit, head, norm) => probability(logit, head) * norm),
  };
}

describe("FiD attention", () => {
  it.for(Object.entries(expectedScores()))(
    "%s is what its definition says",
    async ([name, expected], { expect, onTestFinished }) => {
      const folder = await temporaryFolder(onTestFinished);
      await writeTinyFid(folder);
      const lm = await openFidLm(folder);
      const signal = SIGNALS[name];
      const scores = signal?.kind === "encoder-decoder" ? await signal.score(item, { lm }) : [];
      expect(scores.length).toBe(3);
      for (const [index, value] of expected.entries()) {
        expect(scores[index]).toBeCloseTo(value, 6);
      }
      expect(new Set(scores.map((score) => score.toFixed(9))).size).toBe(3);
      await lm.close();
    },
  );

  it("gives probabilities that sum to 1 over the segments", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    await writeTinyFid(folder);
    const lm = await openFidLm(folder);
    const { probabilitySum } = await lm.attend([[1, 2, 3], [4], [30, 31]]);
    expect(probabilitySum.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 10);
    await lm.close();
  });

  it("reads the passage first, cut to 500 characters, and the prompt right after it", ({ expect }) => {
    expect(fidSegment("who?", "x".repeat(600))).toBe(`${"x".repeat(500)}Answer the following question.\nwho?`);
  });

  it("finds the cross-attention by structure and leaves the self-attention alone", ({ expect }) => {
    const model = tinyFidDecoder();
    expect(exposeCrossAttention(model)).toEqual([{ logits: "cross_logits", values: "v_split" }]);
    expect(model.graph.output.map(({ name }) => name)).toEqual(["logits", "cross_logits", "v_split"]);
    expect(() => exposeCrossAttention(tinyFidDecoder("states"))).toThrow(
      /no cross-attention .* unfused and unquantised/u,
    );
  });

  it("says what to supply when a folder is no T5", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    await expect(openFidLm(folder)).rejects.toThrow(
      /needs a trained encoder\/decoder LM of the T5 family .*optimum-cli export/u,
    );
    await writeTinyFid(folder);
    await rm(path.join(folder, "tokenizer.json"));
    const lm = await openFidLm(folder);
    const signal = SIGNALS["fid-attention"];
    const scoring = signal?.kind === "encoder-decoder" ? signal.score(item, { lm }) : Promise.resolve([]);
    await expect(scoring).rejects.toThrow(/has no tokenizer\.json/u);
    await lm.close();
  });
});
