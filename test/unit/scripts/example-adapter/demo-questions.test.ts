import path from "node:path";
import { describe, it } from "vitest";
import { z } from "zod";
import { readProfiles } from "../../../../scripts/demo-corpus/profiles.ts";
import { toPassages } from "../../../../scripts/demo-corpus/to-passages.ts";
import { makeDemoQuestions, QUESTION_COUNTS } from "../../../../scripts/example-adapter/demo-questions.ts";
import { EXPERIMENT } from "../../../../scripts/example-adapter/paths.ts";
import { LINE_WORDINGS, TOPIC_WORDINGS } from "../../../../scripts/example-adapter/wordings.ts";
import { readJsonl } from "../../../../training/artifacts/jsonl.ts";

const labelSchema = z.looseObject({ query_id: z.string() });
const passages = toPassages(readProfiles());
const questions = makeDemoQuestions(passages);
const ofPart = (part: string) => questions.filter(({ split }) => split === part);

describe("makeDemoQuestions", () => {
  it("asks about a passage that has the field, in words of the part", ({ expect }) => {
    const byId = new Map(questions.map((question) => [question.id, question]));
    expect(byId.get("israel/coastline-of")).toEqual({
      id: "israel/coastline-of",
      text: "Does Israel have access to the sea?",
      split: "train",
      passageIds: ["is-location"],
    });
    const texts = new Map(passages.map(({ _id, text }) => [_id, text]));
    expect(texts.get("is-location")).toMatch(/^Coastline of Israel: /mu);
    expect(byId.get("guyana/economic-overview")?.passageIds).toEqual([
      "gy-economic-overview-1",
      "gy-economic-overview-2",
    ]);
  });

  it("tests no passage that training asks about in the unseen parts, and no other in the seen ones", ({ expect }) => {
    const trained = new Set(ofPart("train").flatMap(({ passageIds }) => passageIds));
    const isTrained = (part: string) => new Set(ofPart(part).map(({ passageIds: [first = ""] }) => trained.has(first)));
    expect(["test-unseen", "dev-unseen"].map(isTrained)).toEqual([new Set([false]), new Set([false])]);
    expect(["test-seen", "dev-seen"].map(isTrained)).toEqual([new Set([true]), new Set([true])]);
  });

  it("has as many questions as it may, no two alike", ({ expect }) => {
    expect(["train", "dev-unseen", "test-unseen"].map((part) => ofPart(part).length)).toEqual([
      QUESTION_COUNTS.train,
      QUESTION_COUNTS["dev-unseen"],
      QUESTION_COUNTS["test-unseen"],
    ]);
    expect(new Set(questions.map(({ text }) => text)).size).toBe(questions.length);
  });
});

describe("the committed labels", () => {
  it("are of training questions alone", async ({ expect }) => {
    const splits = new Map(questions.map(({ id, split }) => [id, split]));
    const file = path.join(path.dirname(EXPERIMENT), "labels.jsonl.gz");
    const labelled = await Array.fromAsync(readJsonl(file, labelSchema), ({ value }) => value.query_id);
    expect(labelled.length).toBeGreaterThan(0);
    expect(new Set(labelled.map((id) => splits.get(id)))).toEqual(new Set(["train"]));
  });
});

describe("the wordings", () => {
  it("differ between training, development and test", ({ expect }) => {
    const all = [...Object.values(LINE_WORDINGS), ...Object.values(TOPIC_WORDINGS)].flat();
    expect(new Set(all.map((wording) => wording.toLowerCase())).size).toBe(all.length);
  });

  it("all name the country", ({ expect }) => {
    const all = [...Object.values(LINE_WORDINGS), ...Object.values(TOPIC_WORDINGS)].flat();
    expect(all.filter((wording) => !/[*#]/u.test(wording))).toEqual([]);
  });
});
