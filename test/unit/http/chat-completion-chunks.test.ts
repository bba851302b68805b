import { describe, it } from "vitest";
import { ChatCompletionChunks } from "../../../src/http/chat-completion-chunks.ts";
import { chatCompletion } from "../../../src/http/chat-completion.ts";
import type { AnswerEvent } from "../../../src/rag/answer-event.ts";
import type { JsonObject, JsonValue } from "../../../src/shared/json.ts";
import { accumulateDelta } from "../../support/python-delta-rule.ts";

const IDENTITY = { id: "chatcmpl-1", created: 1, model: "m" };

function cite(passageNumber: number, choice = 0): AnswerEvent {
  const passageId = `p${passageNumber}`;
  const citation = { passageNumber, passageId, title: passageId, url: `u:${passageId}`, startIndex: 0, endIndex: 3 };
  return { type: "citation", choice, citation };
}

const upstreamAnnotations = (...annotations: JsonObject[]): AnswerEvent => ({
  type: "extra-delta",
  choice: 0,
  delta: { annotations },
});

/** The messages that openai-python's stream helper ends up with, by choice. */
function foldByPythonRule(events: readonly AnswerEvent[]): readonly JsonObject[] {
  const chunks = new ChatCompletionChunks({ ...IDENTITY, includeUsage: false });
  const messages: JsonObject[] = [];
  for (const chunk of events.flatMap((event) => chunks.render(event))) {
    for (const { index, delta } of chunk["choices"] as { index: number; delta: JsonObject }[]) {
      messages[index] = accumulateDelta(messages[index] ?? {}, delta);
    }
  }
  return messages;
}

function annotationsOf(message: JsonObject | undefined, key: string): JsonValue[] {
  const annotations = (message?.["annotations"] ?? []) as JsonObject[];
  return annotations.map((annotation) => annotation[key] ?? null);
}

async function* yieldAll(events: readonly AnswerEvent[]): AsyncGenerator<AnswerEvent> {
  await Promise.resolve();
  yield* events;
}

describe("annotations of a stream", () => {
  it("are numbered in each choice, so that openai-python keeps all of them apart", ({ expect }) => {
    const [first, second] = foldByPythonRule([cite(1), cite(2, 1), cite(3), cite(1), cite(2, 1)]);
    expect(annotationsOf(first, "passage_id")).toEqual(["p1", "p3", "p1"]);
    expect(annotationsOf(first, "index")).toEqual([0, 1, 2]);
    expect(annotationsOf(second, "passage_id")).toEqual(["p2", "p2"]);
  });

  it("of the provider are counted along with ours", ({ expect }) => {
    const events = [
      upstreamAnnotations({ type: "theirs" }, { type: "theirs" }),
      cite(1),
      upstreamAnnotations({ index: 0, type: "late" }),
    ];
    const [message] = foldByPythonRule(events);
    expect(annotationsOf(message, "type")).toEqual(["theirs", "theirs", "url_citation", "late"]);
  });

  it("have no number in an answer that comes in one piece", async ({ expect }) => {
    const events = yieldAll([cite(1), cite(2), { type: "end", model: "m", target: "m" }]);
    const { choices } = (await chatCompletion(events, IDENTITY)) as { choices: { message: JsonObject }[] };
    expect(annotationsOf(choices[0]?.message, "index")).toEqual([null, null]);
  });
});
