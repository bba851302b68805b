import { describe, test } from "vitest";
import type { ChatMessage } from "../../../src/generation/target-lm.ts";
import { canStandAlone, conversationQuery } from "../../../src/rag/conversation.ts";

const ask = (...questions: string[]): ChatMessage[] =>
  questions.flatMap((content, index) => [
    ...(index === 0 ? [] : [{ role: "assistant", content: "Some answer." }]),
    { role: "user", content },
  ]);

describe("canStandAlone", () => {
  test.for([
    "What is the capital of Burkina Faso and how many people live there?",
    "Which country has the longest coastline?",
    "Is there a country without an army?",
    "Why is the sky over Norway green at night?",
    "capital of Peru",
    "Explain the Maastricht treaty to me",
    "Which countries that border France have a king?",
    "What languages do the Swiss speak in their Parliament?",
    "世界で一番長い海岸線を持つ国はどこですか",
    "ブルキナファソの首都",
  ])("%j can", (question, { expect }) => {
    expect(canStandAlone(question)).toBe(true);
  });

  test.for([
    "And its population?",
    "What about Spain?",
    "why?",
    "How many people?",
    "how many people live there?",
    "What is its capital city called?",
    "Who are the presidents of these countries now?",
    "tell me more",
    "Is that the longest one in the world?",
    "How old is he at the moment?",
    "Can you say more about this?",
    "und die Hauptstadt von dem Land?",
  ])("%j cannot", (question, { expect }) => {
    expect(canStandAlone(question)).toBe(false);
  });
});

describe("conversationQuery", () => {
  test("is the last user message", ({ expect }) => {
    const messages = ask("Which country has the longest coastline?", "What is the capital of Chad called?");
    expect(conversationQuery(messages)).toEqual({
      question: "What is the capital of Chad called?",
      query: "What is the capital of Chad called?",
      isJoined: false,
    });
  });

  test("is joined with the one before when it leans on it", ({ expect }) => {
    expect(conversationQuery(ask("What is the capital of Chad?", "And its population?"))).toEqual({
      question: "And its population?",
      query: "What is the capital of Chad?\nAnd its population?",
      isJoined: true,
    });
  });

  test("goes back to the one that stands alone, at most two", ({ expect }) => {
    expect(conversationQuery(ask("What is the capital of Chad?", "And its area?", "And of Mali?")).query).toBe(
      "What is the capital of Chad?\nAnd its area?\nAnd of Mali?",
    );
    expect(conversationQuery(ask("first?", "second?", "third?", "fourth?")).query).toBe("second?\nthird?\nfourth?");
  });

  test("has nothing to join to in the first message", ({ expect }) => {
    expect(conversationQuery(ask("And its population?"))).toMatchObject({
      query: "And its population?",
      isJoined: false,
    });
  });

  test("cuts a long earlier message", ({ expect }) => {
    const { query } = conversationQuery(ask(`What is Chad? ${"x".repeat(5_000)}`, "And its area?"));
    expect(query.length).toBeLessThan(600);
  });

  test("reads text parts, and only those", ({ expect }) => {
    const content = [
      { type: "text", text: "What is the name" },
      { type: "image_url", image_url: { url: "data:," } },
      { type: "text", text: "of this river in Peru?" },
    ];
    expect(conversationQuery([{ role: "user", content }]).query).toBe("What is the name of this river in Peru?");
  });

  test("looks past tool results to the last user message", ({ expect }) => {
    const messages = [
      ...ask("What is the capital of Chad called?"),
      { role: "tool", tool_call_id: "c", content: "N'Djamena" },
    ];
    expect(conversationQuery(messages).query).toBe("What is the capital of Chad called?");
  });

  test("takes out what cannot be seen", ({ expect }) => {
    expect(conversationQuery(ask("What is the\u200B capital of\u202E Chad?")).query).toBe(
      "What is the capital of Chad?",
    );
  });

  test.for<[name: string, messages: ChatMessage[]]>([
    ["no messages", []],
    ["no user message", [{ role: "system", content: "x" }]],
    ["an empty one", [{ role: "user", content: " \u200B " }]],
    ["an image alone, even after a text", [...ask("Hello there"), { role: "user", content: [{ type: "image_url" }] }]],
  ])("is empty with %s", ([, messages], { expect }) => {
    expect(conversationQuery(messages).query).toBe("");
  });
});
