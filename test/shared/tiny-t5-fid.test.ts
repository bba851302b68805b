import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, test } from "vitest";
import { openFidLm } from "../../training/scoring/fid/fid-lm.ts";
import { sharedFolder } from "../support/shared-folder.ts";

const FIXTURE = "fixtures/tiny-t5-fid";
const TOLERANCE = 1e-4;

interface Goldens {
  readonly queries: readonly {
    readonly segments: readonly (readonly number[])[];
    readonly fidatt: readonly number[];
    readonly prob_sum: readonly number[];
    readonly prob_mean: readonly number[];
    readonly prob_vnorm_sum: readonly number[];
    readonly prob_vnorm_mean: readonly number[];
  }[];
}

const shared = sharedFolder(FIXTURE);

describe.skipIf(shared === undefined)("attention of a tiny T5 read as fusion-in-decoder, made in PyTorch", () => {
  test("is reproduced in all variants", async ({ expect }) => {
    const folder = path.join(shared ?? "", FIXTURE);
    const goldens = JSON.parse(readFileSync(path.join(folder, "expected.json"), "utf8")) as Goldens;
    const lm = await openFidLm(folder);
    for (const query of goldens.queries) {
      const got = await lm.attend(query.segments);
      const pairs = [
        [got.logit, query.fidatt],
        [got.probabilitySum, query.prob_sum],
        [got.probability, query.prob_mean],
        [got.normSum, query.prob_vnorm_sum],
        [got.norm, query.prob_vnorm_mean],
      ] as const;
      for (const [actual, expected] of pairs) {
        const differences = expected.map((value, segment) => Math.abs((actual[segment] ?? Number.NaN) - value));
        expect(differences.length).toBe(5);
        expect(Math.max(...differences)).toBeLessThan(TOLERANCE);
      }
    }
    await lm.close();
  });
});
