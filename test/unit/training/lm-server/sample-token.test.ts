import { describe, it } from "vitest";
import { sampleToken } from "../../../../training/lm-server/sample-token.ts";
import { seededRandom } from "../../../../training/seeded-random.ts";

const candidates = [0.5, 0.3, 0.2].map((probability, token) => ({ token, logProb: Math.log(probability) }));

function shares(options: { readonly temperature: number; readonly topP: number }): number[] {
  const random = seededRandom(7);
  const counts = [0, 0, 0];
  for (let draw = 0; draw < 20_000; draw += 1) {
    const { token } = sampleToken(candidates, { ...options, random });
    counts[token] = (counts[token] ?? 0) + 1 / 20_000;
  }
  return counts;
}

describe("sampleToken", () => {
  it.for([
    [1, 1, [0.5, 0.3, 0.2]],
    [2, 1, [0.415, 0.322, 0.263]], // square roots, normalised
    [1, 0.6, [0.625, 0.375, 0]],
    [1, 0.5, [1, 0, 0]],
    [0, 1, [1, 0, 0]],
  ] as const)("draws by the probabilities: temperature %d, nucleus %d", ([temperature, topP, expected], { expect }) => {
    const got = shares({ temperature, topP });
    for (const [token, share] of expected.entries()) {
      expect(Math.abs((got[token] ?? 0) - share)).toBeLessThan(0.012); // three standard errors
    }
  });

  it("needs a candidate", ({ expect }) => {
    expect(() => sampleToken([], { temperature: 1, topP: 1, random: () => 0 })).toThrow(RangeError);
  });
});
