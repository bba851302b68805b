import { describe, it } from "vitest";
import { renderReport } from "../../../../training/report/render-report.ts";
import { reportData } from "../../../support/report-data.ts";

describe("renderReport", () => {
  it("shows every part, needs nothing from outside, and stays small", async ({ expect }) => {
    const page = await renderReport(reportData());
    for (const part of [
      "Training",
      "Labels",
      "What it cost",
      "Make it again",
      "Won",
      "Lost",
      "p <small>(Holm)</small>",
      "31.0 %",
    ]) {
      expect(page).toContain(part);
    }
    expect(page.match(/<svg /gu)).toHaveLength(8);
    const links = [...page.matchAll(/(?:src|href)="(?<target>[^"]*)"/gu)].map(({ groups }) => groups?.["target"]);
    expect(links.filter((target) => !target?.startsWith("#"))).toEqual([]);
    expect(page).not.toMatch(/<script|url\(|@import/u);
    expect(page.length).toBeLessThan(300_000);
    expect(await renderReport(reportData()), "the same data gives the same bytes").toBe(page);
  }, 120_000);

  it("escapes hostile passages, questions, names and hashes", async ({ expect }) => {
    const hostile = "<img src=x onerror=alert(1)>\"'";
    const data = reportData();
    const [set] = data.sets;
    const [example] = set?.examples ?? [];
    const passage = { id: hostile, title: hostile, text: hostile, isRelevant: true };
    const page = await renderReport({
      ...data,
      title: hostile,
      experiment: hostile,
      notes: [hostile],
      sets: data.sets.map((given) => ({
        ...given,
        name: hostile,
        rows: given.rows.map((row) => (row.name === given.base ? row : { ...row, name: `${row.name} ${hostile}` })),
        examples:
          example === undefined ? [] : [{ ...example, question: hostile, answers: [hostile], passages: [passage] }],
      })),
      stages: [
        { id: hostile, seconds: 1, tokens: 0, commandLine: hostile, inputs: { [hostile]: hostile }, outputs: {} },
      ],
    });
    expect(page).not.toContain("<img");
    expect(page).toContain("&lt;img src=x onerror=alert(1)&gt;");
  });

  it("says plainly when nothing was gained", async ({ expect }) => {
    const data = reportData();
    const rows = data.sets[0]?.rows.filter(({ name }) => name === "base") ?? [];
    const sets = data.sets.map((set) => ({
      ...set,
      rows: [...rows, ...rows.map((row) => ({ ...row, name: "both" }))],
    }));
    const page = await renderReport({ ...data, sets });
    expect(page).toContain("No row is above base in nDCG@10 beyond chance.");
    expect(page).toContain("same scores");
  });

  it("says what is left of a gain in hybrid search, by its own base", async ({ expect }) => {
    const data = reportData();
    expect(await renderReport(data)).not.toContain("hybrid");
    const best = data.sets[0]?.rows.find(({ name }) => name === "both")?.retrieval;
    const sets = data.sets.map((set) => ({
      ...set,
      rows: set.rows.map((row) => ({ ...row, hybrid: row.retrieval === undefined ? undefined : best })),
    }));
    const page = await renderReport({ ...data, sets });
    expect(page.replaceAll(/\s+/gu, " ")).toContain("In hybrid search: No row is above base in nDCG@10 beyond chance.");
    expect(page).toContain("The same in hybrid search");
  });

  it("draws the training of each mode apart, whatever their number", async ({ expect }) => {
    const data = reportData();
    const training = ["query-adapter", "query-encoder", "both encoders"].flatMap((mode) =>
      data.training.map((run) => ({ ...run, row: `${run.row}, ${mode}` })),
    );
    const page = await renderReport({ ...data, training });
    expect(page.match(/<svg /gu)).toHaveLength(8 - 2 + 2 * 3);
    expect(page).toContain("<strong>query-encoder</strong>");
    const widths = [...page.matchAll(/<svg[^>]* width="(?<width>\d+)/gu)].map(({ groups }) =>
      Number(groups?.["width"]),
    );
    expect(Math.max(...widths)).toBeLessThan(1100);
  });

  it("leaves out what an experiment has not", async ({ expect }) => {
    const { sets, ...data } = reportData();
    const bare = sets.map((set) => ({ ...set, rows: set.rows.slice(2, 3), examples: [], questions: [] }));
    const page = await renderReport({
      ...data,
      sets: bare,
      training: [],
      labels: [],
      overlaps: [],
      stages: [],
      notes: [],
    });
    expect(page).toContain("Only base was evaluated: nothing to compare.");
    expect(page).not.toMatch(/<svg|Training|Labels/u);
  });
});
