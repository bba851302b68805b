import { describe, it } from "vitest";
import type { QueryToScore } from "../../../../training/scoring/signal.ts";
import { tuneScorers } from "../../../../training/scoring/tune-scorers.ts";
import { silentProgress } from "../../../support/silent-progress.ts";

const items = Array.from({ length: 9 }, (_, index): QueryToScore => {
  const id = `q${index}`;
  return { query: { id, text: id, answers: [], choices: [] }, passages: [] };
});

describe("tuneScorers", () => {
  it("measures every setting on the same queries, after a warm-up, and puts the fastest first", async ({ expect }) => {
    let clock = 0;
    const asked: Record<string, string[]> = {};
    let open = 0;
    const speeds = await tuneScorers({
      cores: 2,
      items,
      now: () => clock,
      progress: silentProgress,
      open: async ({ processes, threads }) => {
        const name = `${processes}x${threads}`;
        asked[name] = [];
        return await Promise.resolve(
          Array.from({ length: processes }, () => {
            open += 1;
            return {
              name,
              fingerprint: "",
              async score({ query }: QueryToScore) {
                asked[name]?.push(query.id);
                clock += 1000 / processes / (threads === 1 ? 1 : 1.2);
                return await Promise.resolve([]);
              },
              tokens: () => 0,
              async close() {
                open -= 1;
                await Promise.resolve();
              },
            };
          }),
        );
      },
    });
    expect(
      speeds.map(({ processes, threads, queriesPerSecond }) => [
        processes,
        threads,
        Number(queriesPerSecond.toFixed(3)),
      ]),
    ).toEqual([
      [2, 1, 2],
      [1, 2, 1.2],
      [1, 1, 1],
    ]);
    expect(asked).toEqual({
      "1x1": ["q0", "q1", "q2"],
      "1x2": ["q0", "q1", "q2"],
      "2x1": ["q0", "q0", "q1", "q2", "q3", "q4"],
    });
    expect(open).toBe(0);
  });
});
