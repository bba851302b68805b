import { describe, it } from "vitest";
import { z } from "zod";
import { textOfContent } from "../../../src/generation/message-text.ts";
import { fence, augmentMessages } from "../../../src/rag/prompt.ts";
import { readJsonl } from "../../../training/artifacts/jsonl.ts";
import { collect, QUESTION, rendered, run } from "../../support/answer-query-harness.ts";
import { fakeRetriever } from "../../support/fake-retriever.ts";
import { retrievedPassages } from "../../support/retrieved-passages.ts";
import { targetLm } from "../../support/target-lm-table.ts";

/** The attacker even knows the nonce, which is fresh for every request. */
const NONCE = "k3v9xq2m";
const attackSchema = z.object({ attack: z.string(), text: z.string() });
const ATTACKS = (await Array.fromAsync(readJsonl("test/fixtures/injection/passages.jsonl", attackSchema))).map(
  ({ value }) => [value.attack, value.text.replaceAll("{NONCE}", NONCE)] as const,
);

const TAG = /[<＜]\s*<?\s*\/?\s*passage/giu;
const SPECIAL =
  /<[|｜]|[|｜]>|\[\/?(?:inst|sys|available_tools|tool_results)\]|<\/?(?:s|system|think|instructions|context|documents|invoke|function_calls|start_of_turn|end_of_turn)\b/iu;
const ROLE_LINE = /^[ \t>*#-]*(?:system|assistant|user|human|developer|instructions?)[ \t]*\**[ \t]*[:：]/imu;
const RULE_LINE = /^[ \t]*(?:={3,}|-{3,}|#{3,}|`{3,}|~{3,})/mu;
const MARK = /\[\s*\d[\d\s,;–-]*\]/u;
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\p{Cs}]|(?![\t\n])\p{Cc}/u;

/** What stands between the two lines of the fence. */
function inside(fenced: string): string {
  const lines = fenced.split("\n");
  return lines.slice(1, -1).join("\n");
}

describe("a passage that attacks", () => {
  it("comes from a corpus of forty at least, each once", ({ expect }) => {
    expect(ATTACKS.length).toBeGreaterThanOrEqual(40);
    expect(new Set(ATTACKS.map(([attack]) => attack)).size).toBe(ATTACKS.length);
  });

  it.for(ATTACKS)(
    "%s: as text, title or url it stays inside its fence, and is nothing but data",
    ([, text], { expect }) => {
      for (const given of [
        { title: "", text, url: "" },
        { title: text, text: "Fine.", url: "" },
        { title: "", text: "Fine.", url: text },
      ]) {
        const [passage] = retrievedPassages([given]);
        const fenced = passage === undefined ? "" : fence(passage, 1, NONCE);
        const lines = fenced.split("\n");
        expect([lines[0], lines.at(-1)]).toEqual([`<passage-${NONCE} number="1">`, `</passage-${NONCE}>`]);
        const body = inside(fenced);
        expect(body.match(TAG)?.filter((tag) => tag.startsWith("<")) ?? []).toEqual([]);
        expect(body).not.toMatch(SPECIAL);
        expect(body).not.toMatch(ROLE_LINE);
        expect(body).not.toMatch(RULE_LINE);
        expect(body).not.toMatch(MARK);
        expect(body).not.toMatch(INVISIBLE);
        // One line each, whatever the title and the url are made of.
        expect(lines.filter((line) => /^(?:Title|URL): /u.test(line)).length).toBeLessThanOrEqual(1);
      }
    },
  );

  it("leaves as many fences as there are passages, all attacks together", ({ expect }) => {
    const passages = retrievedPassages(ATTACKS.map(([, text]) => ({ title: text, text, url: text })));
    const [system] = augmentMessages({ messages: [QUESTION], passages, passageFormat: "prompt", nonce: NONCE });
    const content = textOfContent(system?.content ?? null);
    const opened = content.match(new RegExp(`^<passage-${NONCE} number="(\\d+)">$`, "gmu"));
    const closed = content.match(new RegExp(`^</passage-${NONCE}>$`, "gmu"));
    expect([opened?.length, closed?.length]).toEqual([ATTACKS.length, ATTACKS.length]);
    // The instruction names the tag, once; every other one is a fence of ours.
    expect(content.match(/<\/?passage/gu)).toHaveLength(2 * ATTACKS.length + 1);
  });

  it.for(ATTACKS)("%s: an answer made of its sentences cites it, and nothing else", async ([, text], { expect }) => {
    const passages = retrievedPassages([
      { title: "Attack", text },
      { title: "Bystander", text: "Cats purr." },
    ]);
    const events = await collect(
      run({
        targets: [targetLm({ provider: "extractive" }, {})],
        messages: [{ role: "user", content: text.slice(0, 200) || "q" }],
        retriever: fakeRetriever(passages),
      }),
    );
    const { text: answer, cited } = rendered(events);
    for (const mark of answer.match(/\[\d+\]/gu) ?? []) {
      expect(["[1]", "[2]"]).toContain(mark);
    }
    // Every mark in the answer is one of ours: a span is reported for it.
    expect(cited).toHaveLength(answer.match(/\[\d+\]/gu)?.length ?? 0);
    const bystander = cited.filter((citation) => citation.startsWith("2:"));
    expect(bystander.length === 0 || answer.includes("Cats purr.")).toBe(true);
  });
});
