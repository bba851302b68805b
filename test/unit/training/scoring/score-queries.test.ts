import { existsSync } from "node:fs";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { openScoreLogs } from "../../../../training/scoring/pending-scores.ts";
import type { QueryScorer } from "../../../../training/scoring/query-scorer.ts";
import { scoreQueries } from "../../../../training/scoring/score-queries.ts";
import type { ScoreQueriesOptions } from "../../../../training/scoring/score-queries.ts";
import type { QueryToScore } from "../../../../training/scoring/signal.ts";
import { silentProgress } from "../../../support/silent-progress.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

function item(id: string, passageIds: readonly string[], answers: readonly string[] = ["x"]): QueryToScore {
  return {
    query: { id, text: id, answers, choices: [] },
    passages: passageIds.map((passageId) => ({ id: passageId, title: "", text: passageId })),
  };
}

/** Scores are the lengths of ids; it dies on a query named `bomb`. */
function countingScorer(seen: string[]): QueryScorer {
  return {
    name: "counting",
    fingerprint: "f",
    async score({ query, passages }) {
      if (query.id === "bomb") {
        throw new Error("the server died");
      }
      seen.push(`${query.id}:${passages.map(({ id }) => id).join("")}`);
      return await Promise.resolve(passages.map(({ id }) => query.id.length + id.length / 10));
    },
    tokens: () => 0,
    close: () => Promise.resolve(),
  };
}

async function run(
  file: string,
  items: readonly QueryToScore[],
  overrides: Partial<ScoreQueriesOptions> = {},
): Promise<{ seen: string[]; result: Awaited<ReturnType<typeof scoreQueries>> }> {
  const seen: string[] = [];
  const { log, pending } = await openScoreLogs(file);
  try {
    const result = await scoreQueries({
      name: "s",
      signal: { needs: "answers", dependsOnAll: false },
      items,
      scorers: [countingScorer(seen)],
      log,
      pending,
      progress: silentProgress,
      abort: new AbortController().signal,
      ...overrides,
    });
    return { seen, result };
  } finally {
    await Promise.all([log.close(), pending.close()]);
  }
}

describe("scoreQueries", () => {
  it("keeps what was scored when it dies midway, and goes on there", async ({ expect, onTestFinished }) => {
    const file = path.join(await temporaryFolder(onTestFinished), "sub", "lm-scores.jsonl");
    const items = [item("q1", ["a"]), item("q2", ["a", "b"]), item("bomb", ["b"]), item("q3", ["b"])];
    await expect(run(file, items)).rejects.toThrow("died");
    const line = (query: string, passage: string): string =>
      `{"query_id":"${query}","doc_id":"${passage}","signal":"s","score":2.1}\n`;
    expect(await readFile(file, "utf8")).toBe(line("q1", "a") + line("q2", "a") + line("q2", "b"));
    const { seen, result } = await run(file, [item("q1", ["a"]), item("q2", ["a", "b"]), item("q3", ["b"])]);
    expect(seen).toEqual(["q3:b"]);
    expect(result).toEqual({ scored: 1, reused: 2, unfit: [] });
  });

  it("keeps scores of queries that are not whole yet beside the labels, and asks for none of them again", async ({
    expect,
    onTestFinished,
  }) => {
    const file = path.join(await temporaryFolder(onTestFinished), "lm-scores.jsonl");
    await expect(run(file, [item("q1", ["a", "b"]), item("bomb", ["b"])])).rejects.toThrow("died");
    await expect(run(file, [item("bomb", ["a"]), item("q2", ["a"])])).rejects.toThrow("died");
    const half = [item("q3", ["a", "b", "c"]), item("bomb", ["c"]), item("q4", ["c"])];
    await expect(run(file, half)).rejects.toThrow("died");
    expect(await readFile(file, "utf8")).not.toContain("q4");
    const { seen } = await run(file, [item("q3", ["a", "b", "c"]), item("q4", ["c"])]);
    expect(seen).toEqual(["q4:c"]);
    expect(existsSync(`${file}.pending`)).toBe(false);
  });

  it("leaves what another signal has pending", async ({ expect, onTestFinished }) => {
    const file = path.join(await temporaryFolder(onTestFinished), "lm-scores.jsonl");
    const items = [item("q1", ["a", "b"]), item("bomb", ["b"])];
    await run(file, [item("q0", ["a"])]);
    await expect(run(file, [item("q1", ["a"]), item("bomb", ["a"])].toReversed())).rejects.toThrow("died");
    expect(existsSync(`${file}.pending`)).toBe(false); // nothing was scored
    const half = '{"query_id":"q1","doc_id":"a","signal":"s","score":7}\n';
    await writeFile(`${file}.pending`, half);
    await run(file, items.slice(0, 1), { name: "other" });
    expect(await readFile(`${file}.pending`, "utf8")).toBe(half);
    expect((await run(file, items.slice(0, 1))).seen).toEqual(["q1:b"]);
    expect(existsSync(`${file}.pending`)).toBe(false);
  });

  it("refuses a malformed line of what is pending with its number and keeps both files", async ({
    expect,
    onTestFinished,
  }) => {
    const file = path.join(await temporaryFolder(onTestFinished), "lm-scores.jsonl");
    await run(file, [item("q1", ["a"])]);
    const before = await readFile(file, "utf8");
    await writeFile(`${file}.pending`, "nonsense\n");
    await expect(run(file, [item("q2", ["a"])])).rejects.toThrow(/lm-scores\.jsonl\.pending:1: not JSON/u);
    expect(await readFile(file, "utf8")).toBe(before);
    expect(await readFile(`${file}.pending`, "utf8")).toBe("nonsense\n");
  });

  it("makes whole what a run had scored when it was killed", async ({ expect, onTestFinished }) => {
    const file = path.join(await temporaryFolder(onTestFinished), "lm-scores.jsonl");
    await run(file, [item("q0", ["a"])]);
    const lines = ["a", "b"].map((id) => `{"query_id":"q1","doc_id":"${id}","signal":"s","score":7}\n`);
    await writeFile(`${file}.pending`, lines.join(""));
    const { seen } = await run(file, [item("q1", ["a", "b"])]);
    expect(seen).toEqual([]);
    expect(await readFile(file, "utf8")).toContain(lines.join(""));
  });

  it("takes nothing over from a file of labels that is gone", async ({ expect, onTestFinished }) => {
    const file = path.join(await temporaryFolder(onTestFinished), "lm-scores.jsonl");
    await writeFile(`${file}.pending`, '{"query_id":"q1","doc_id":"a","signal":"s","score":7}\n');
    expect((await run(file, [item("q1", ["a", "b"])])).seen).toEqual(["q1:a", "q1:b"]);
  });

  it("cuts off a line that a killed run left half and scores that passage again", async ({
    expect,
    onTestFinished,
  }) => {
    const file = path.join(await temporaryFolder(onTestFinished), "lm-scores.jsonl");
    await run(file, [item("q1", ["a"])]);
    await appendFile(file, '{"query_id":"q1","doc_id":"b","sig');
    const { seen } = await run(file, [item("q1", ["a", "b", "c"])]);
    expect(seen).toEqual(["q1:b", "q1:c"]);
    expect((await readFile(file, "utf8")).split("\n").length).toBe(4);
  });

  it("refuses a malformed line with its number and changes nothing", async ({ expect, onTestFinished }) => {
    const file = path.join(await temporaryFolder(onTestFinished), "lm-scores.jsonl");
    await run(file, [item("q1", ["a"])]);
    await appendFile(file, "nonsense\n");
    const before = await readFile(file, "utf8");
    await expect(run(file, [item("q2", ["a"])])).rejects.toThrow(/lm-scores\.jsonl:2: not JSON/u);
    expect(await readFile(file, "utf8")).toBe(before);
  });

  it("scores all passages of a query again when the signal looks at them together", async ({
    expect,
    onTestFinished,
  }) => {
    const file = path.join(await temporaryFolder(onTestFinished), "lm-scores.jsonl");
    const together = { signal: { needs: "nothing", dependsOnAll: true } } as const;
    await run(file, [item("q1", ["a"]), item("q2", ["a"])], together);
    const { seen } = await run(file, [item("q1", ["a", "b"]), item("q2", ["a"])], together);
    expect(seen).toEqual(["q1:ab"]);
    const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
    expect(lines.map((line) => line.slice(13, 30))).toEqual([
      'q2","doc_id":"a",',
      'q1","doc_id":"a",',
      'q1","doc_id":"b",',
    ]);
  });

  it("leaves out and counts queries that lack what the signal needs", async ({ expect, onTestFinished }) => {
    const file = path.join(await temporaryFolder(onTestFinished), "lm-scores.jsonl");
    const items = [item("q1", ["a"], []), item("q2", ["a"], [" "]), item("q3", ["a"])];
    expect((await run(file, items)).result.unfit).toEqual(["q1", "q2"]);
    const choices = { signal: { needs: "choices", dependsOnAll: false } } as const;
    expect((await run(file, items, choices)).result.unfit.length).toBe(3);
  });

  it("shares the queries among its scorers, each asked once", async ({ expect, onTestFinished }) => {
    const file = path.join(await temporaryFolder(onTestFinished), "lm-scores.jsonl");
    const items = Array.from({ length: 20 }, (_, index) => item(`q${index}`, [`a${index % 10}`]));
    const [first, second]: [string[], string[]] = [[], []];
    await run(file, items, { scorers: [countingScorer(first), countingScorer(second)] });
    expect([...first, ...second].toSorted()).toEqual(
      items.map(({ query, passages }) => `${query.id}:${passages[0]?.id}`).toSorted(),
    );
    expect(first.length > 0 && second.length > 0).toBe(true);
  });

  it("asks for all queries of a passage one after the other", async ({ expect, onTestFinished }) => {
    const file = path.join(await temporaryFolder(onTestFinished), "lm-scores.jsonl");
    const items = [item("q1", ["a", "b"]), item("q2", ["x"]), item("q3", ["b", "c"])];
    expect((await run(file, items)).seen).toEqual(["q1:a", "q1:b", "q3:b", "q3:c", "q2:x"]);
  });

  it("asks query by query, related ones one after the other, when the signal looks at passages together", async ({
    expect,
    onTestFinished,
  }) => {
    const file = path.join(await temporaryFolder(onTestFinished), "lm-scores.jsonl");
    const items = [item("q1", ["a", "b"]), item("q2", ["x"]), item("q3", ["b", "c"])];
    const together = { signal: { needs: "nothing", dependsOnAll: true } } as const;
    expect((await run(file, items, together)).seen).toEqual(["q1:ab", "q3:bc", "q2:x"]);
  });

  it("refuses a score that is no number", async ({ expect, onTestFinished }) => {
    const file = path.join(await temporaryFolder(onTestFinished), "lm-scores.jsonl");
    const broken = { ...countingScorer([]), score: () => Promise.resolve([Number.NaN]) };
    await expect(run(file, [item("q1", ["a"])], { scorers: [broken] })).rejects.toThrow(/gave NaN .* "q1"/u);
    await writeFile(file, "");
  });
});
