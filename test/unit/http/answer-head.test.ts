import { describe, it } from "vitest";
import { answerHead } from "../../../src/http/answer-head.ts";
import type { AnswerEvent } from "../../../src/rag/answer-event.ts";
import { AppError } from "../../../src/shared/errors.ts";

const FOUND: AnswerEvent = {
  type: "retrieval-end",
  query: "q",
  collection: "c",
  outcome: { passages: [], mode: "hybrid", degraded: [], timings: {}, usage: { embedTokens: 0, vectorsQueried: 0 } },
  contextTokens: 0,
  notices: [],
};
const WORD: AnswerEvent = { type: "text-delta", choice: 0, text: "word" };
const END: AnswerEvent = { type: "end", model: "m", target: "m" };
const refusal = new AppError("upstream_rejected", "no", { details: { status: 400 } });

async function* follow(script: readonly (AnswerEvent | Error | Promise<void>)[]): AsyncGenerator<AnswerEvent> {
  for (const step of script) {
    if (step instanceof Error) {
      throw step;
    }
    if (step instanceof Promise) {
      await step;
    } else {
      yield step;
    }
  }
}

async function typesOf(events: AsyncIterable<AnswerEvent>): Promise<string[]> {
  const types: string[] = [];
  for await (const { type } of events) {
    types.push(type);
  }
  return types;
}

describe("answerHead", () => {
  it.for([
    ["with retrieval", [FOUND, WORD, END]],
    ["without", [WORD, END]],
    ["of nothing", []],
  ] as const)("loses no event %s", async ([, script], { expect }) => {
    expect(await typesOf(await answerHead(follow(script)))).toEqual(script.map(({ type }) => type));
  });

  it("throws a refusal that comes right after retrieval, so that it gets a status", async ({ expect }) => {
    await expect(answerHead(follow([FOUND, refusal]))).rejects.toBe(refusal);
    await expect(answerHead(follow([refusal]))).rejects.toBe(refusal);
  });

  it("does not wait longer than the grace, and meets a later refusal in the stream", async ({ expect }) => {
    const gate = Promise.withResolvers<void>();
    const events = await answerHead(follow([FOUND, gate.promise, refusal]), { graceMilliseconds: 5 });
    expect((await events.next()).value).toBe(FOUND);
    gate.resolve();
    await expect(events.next()).rejects.toBe(refusal);
  });

  it("ends the answer when its reader leaves", async ({ expect }) => {
    let isEnded = false;
    async function* answer(): AsyncGenerator<AnswerEvent> {
      try {
        yield FOUND;
        yield WORD;
        yield WORD;
      } finally {
        isEnded = true;
      }
    }
    for await (const _event of await answerHead(answer())) {
      break;
    }
    expect(isEnded).toBe(true);
  });
});
