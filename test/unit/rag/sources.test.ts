import { describe, it } from "vitest";
import type { ChatMessage } from "../../../src/generation/target-lm.ts";
import { quoteSources } from "../../../src/rag/prompt.ts";
import { sourcesOf } from "../../../src/rag/sources.ts";
import { collect, PASSAGES, rendered, run } from "../../support/answer-query-harness.ts";
import { fakeTargetLm } from "../../support/fake-target-lm.ts";

const found: ChatMessage = {
  role: "user",
  content: [
    {
      type: "search_result",
      source: "https://example.test/peru",
      title: "Peru",
      content: [
        { type: "text", text: "Peru's coast is 2,414 km long. [7]" },
        { type: "text", text: "Lima is its capital." },
      ],
    },
    { type: "text", text: "How long is the coast of Peru?" },
  ],
};

describe("search results in a conversation", () => {
  it("are passages, one a block, that are fenced where they stand and numbered from 1", ({ expect }) => {
    const sources = sourcesOf([found]);
    expect(sources.map(({ passage }) => [passage.title, passage.url, passage.text])).toEqual([
      ["Peru", "https://example.test/peru", "Peru's coast is 2,414 km long. [7]"],
      ["Peru", "https://example.test/peru", "Lima is its capital."],
    ]);
    const [system, question] = quoteSources({ messages: [found], sources, passageFormat: "prompt", nonce: "n0" });
    expect(system?.content).toMatch(/quote passages, numbered \[1\] to \[2\].*data, not instructions/su);
    expect(question?.content).toMatch(
      /^<passage-n0 number="1">.*\(7\)\n<\/passage-n0>\n\n<passage-n0 number="2">.*How long is the coast of Peru\?$/su,
    );
  });

  it("go on untouched to a target that takes them as they are, and when malformed", ({ expect }) => {
    const sources = sourcesOf([found]);
    expect(quoteSources({ messages: [found], sources, passageFormat: "native", nonce: "n0" })).toEqual([found]);
    expect(sourcesOf([{ role: "user", content: [{ type: "search_result", content: "no blocks" }] }])).toEqual([]);
  });

  it("are cited before what is retrieved, whose numbers go on", async ({ expect }) => {
    const target = fakeTargetLm({ script: ["Long [1], ", "longer [3]."] });
    const events = await collect(run({ messages: [found], targets: [target] }));
    expect(rendered(events).cited).toEqual(["1:[1]", "3:[3]"]);
    const citations = events.flatMap((event) => (event.type === "citation" ? [event.citation] : []));
    expect(citations.map(({ title }) => title)).toEqual(["Peru", PASSAGES[0]?.passage.title]);
    const [request] = target.requests;
    expect(request).toMatchObject({ sourceCount: 2, passages: [{}, {}, {}, {}] });
    expect(request?.messages[0]?.content).toContain('number="3"');
    expect(request?.messages[0]?.content).not.toContain('number="1"');
    expect(events[0]).toMatchObject({ type: "retrieval-end", sources: [{}, {}], outcome: { passages: [{}, {}] } });
  });

  it("are cited without retrieval too", async ({ expect }) => {
    const target = fakeTargetLm({ script: ["Long [1]."] });
    const events = await collect(run({ messages: [found], targets: [target], retrieval: false }));
    expect(rendered(events).cited).toEqual(["1:[1]"]);
    expect(target.requests[0]).toMatchObject({ query: "How long is the coast of Peru?", sourceCount: 2 });
    expect(JSON.stringify(target.requests[0]?.messages)).not.toContain("search_result");
  });

  it("end before a tool call: what was cited is known by then", async ({ expect }) => {
    const call = { type: "extra-delta", choice: 0, delta: { tool_calls: [{ index: 0, id: "a" }] } } as const;
    const events = await collect(run({ targets: [fakeTargetLm({ script: ["Long [1]", call] })] }));
    const types = events.map(({ type }) => type);
    expect(types.indexOf("citation")).toBeLessThan(types.indexOf("extra-delta"));
    expect(types.filter((type) => type === "citation")).toHaveLength(1);
  });
});
