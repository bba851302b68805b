import * as fc from "fast-check";
import { describe, it } from "vitest";
import { answerStream } from "../../../src/http/answer-stream.ts";
import { ChatCompletionChunks } from "../../../src/http/chat-completion-chunks.ts";
import { chatCompletionFrames } from "../../../src/http/chat-completion-frames.ts";
import { chatCompletion } from "../../../src/http/chat-completion.ts";
import type { AnswerEvent } from "../../../src/rag/answer-event.ts";
import { AppError } from "../../../src/shared/errors.ts";
import { anyText } from "../../support/any-text.ts";

const IDENTITY = { id: "chatcmpl-1", created: 1, model: "m" };
const END: AnswerEvent = { type: "end", model: "m", target: "m" };
const text = (said: string, choice = 0): AnswerEvent => ({ type: "text-delta", choice, text: said });

type Script = readonly (AnswerEvent | Error | number)[];

/** Yields the events; a number waits so many milliseconds, an Error is thrown. */
async function* follow(script: Script): AsyncGenerator<AnswerEvent> {
  for (const step of script) {
    if (typeof step === "number") {
      await new Promise((resolve) => setTimeout(resolve, step));
    } else if (step instanceof Error) {
      throw step;
    } else {
      yield step;
    }
  }
}

interface Streamed {
  readonly raw: string;
  readonly frames: readonly string[];
  readonly ends: readonly (string | undefined)[];
}

async function streamOf(
  script: Script,
  { includeUsage = false, keepAliveMilliseconds = 1_000 } = {},
): Promise<Streamed> {
  const ends: (string | undefined)[] = [];
  const stream = answerStream({
    events: follow(script),
    frames: chatCompletionFrames(new ChatCompletionChunks({ ...IDENTITY, includeUsage })),
    abort: () => undefined,
    onEnd: (error) => ends.push(error?.code),
    keepAliveMilliseconds,
  });
  const raw = await new Response(stream).text();
  const frames = raw.split("\n\n").filter((frame) => frame !== "");
  return { raw, frames, ends };
}

const dataOf = (frame = ""): unknown => JSON.parse(frame.replace(/^data: /, ""));

describe("answerStream", () => {
  it("closes with [DONE] after the end event, and tells so once", async ({ expect }) => {
    const { frames, ends } = await streamOf([text("a"), END]);
    expect(frames.at(-1)).toBe("data: [DONE]");
    expect(ends).toEqual([undefined]);
  });

  it.for([
    ["an error", [text("a"), new AppError("upstream_cut", "cut")], "upstream_cut"],
    ["a defect", [text("a"), new TypeError("oops")], "internal"],
    ["events that just stop", [text("a")], "internal"],
    ["no event at all", [], "internal"],
  ] as const)("%s ends it in an error frame without [DONE]", async ([, script, code], { expect }) => {
    const { raw, frames, ends } = await streamOf(script);
    expect(dataOf(frames.at(-1))).toMatchObject({ error: { code, message: expect.any(String), param: null } });
    expect(raw).not.toContain("[DONE]");
    expect(raw).not.toContain("oops");
    expect(ends).toEqual([code]);
  });

  it("sends comments while nothing comes, and nothing is lost over them", async ({ expect }) => {
    const { frames } = await streamOf([text("a"), 500, text("b"), END], { keepAliveMilliseconds: 20 });
    expect(frames.filter((frame) => frame === ": keep-alive").length).toBeGreaterThanOrEqual(2);
    const contents = frames.filter((frame) => frame.includes('"content":')).map(dataOf);
    expect(contents).toMatchObject([
      { choices: [{ delta: { content: "" } }] },
      { choices: [{ delta: { content: "a" } }] },
      { choices: [{ delta: { content: "b" } }] },
    ]);
  });

  it("gives the usage chunk only to who asked", async ({ expect }) => {
    const script: Script = [text("a"), { type: "usage", usage: { total_tokens: 3 } }, END];
    expect((await streamOf(script)).raw).not.toContain("usage");
    expect(dataOf((await streamOf(script, { includeUsage: true })).frames.at(-2))).toMatchObject({
      choices: [],
      usage: { total_tokens: 3 },
    });
  });

  it("opens every choice with its role, whatever comes first", async ({ expect }) => {
    const { frames } = await streamOf([
      { type: "choice-end", choice: 1, finishReason: "stop" },
      { type: "extra-delta", choice: 0, delta: { role: "assistant" } },
      { type: "extra-delta", choice: 0, delta: { role: "assistant", refusal: "no" } },
      END,
    ]);
    const choices = frames.slice(0, -1).map((frame) => (dataOf(frame) as { choices: unknown[] }).choices[0]);
    expect(choices).toEqual([
      { index: 1, delta: { role: "assistant", content: "" }, finish_reason: null },
      { index: 1, delta: {}, finish_reason: "stop" },
      { index: 0, delta: { role: "assistant", content: "" }, finish_reason: null },
      { index: 0, delta: { refusal: "no" }, finish_reason: null },
    ]);
  });

  describe("an answer by a fallback", () => {
    const stop = (choice = 0): AnswerEvent => ({ type: "choice-end", choice, finishReason: "stop" });
    const usage: AnswerEvent = { type: "usage", usage: { total_tokens: 3 } };
    const spare: AnswerEvent = { type: "end", model: "spare-1", target: "spare" };

    it.for<[string, Script, boolean, readonly string[]]>([
      ["its last choice's end", [text("a"), stop(), usage, spare], false, ["", "a", "stop spare"]],
      ["the last of several ends", [stop(1), stop(0), spare], false, ["", "stop", "", "stop spare"]],
      ["the usage chunk", [text("a"), stop(), usage, spare], true, ["", "a", "stop", "usage spare"]],
      ["a chunk of its own without an end", [text("a"), spare], false, ["", "a", " spare"]],
      ["what came after an end", [stop(), text("late"), spare], false, ["", "stop", "late", " spare"]],
      ["nothing when the model itself answered", [text("a"), stop(), usage, END], true, ["", "a", "stop", "usage"]],
    ])("is told with %s", async ([, script, includeUsage, expected], { expect }) => {
      const { frames } = await streamOf(script, { includeUsage });
      expect(frames.at(-1)).toBe("data: [DONE]");
      const seen = frames.slice(0, -1).map((frame) => {
        const { choices, usage, answered_by } = dataOf(frame) as {
          choices: { delta: { content?: string }; finish_reason: string | null }[];
          usage?: object;
          answered_by?: string;
        };
        const [choice] = choices;
        const what = usage === undefined ? (choice?.finish_reason ?? choice?.delta.content ?? "") : "usage";
        return answered_by === undefined ? what : `${what} ${answered_by}`;
      });
      expect(seen).toEqual(expected);
    });

    it("is told in an answer in one piece", async ({ expect }) => {
      const answer = await chatCompletion(follow([text("a"), stop(), spare]), IDENTITY);
      expect(answer).toMatchObject({ model: "m", answered_by: "spare" });
      expect(await chatCompletion(follow([text("a"), stop(), END]), IDENTITY)).not.toHaveProperty("answered_by");
    });
  });

  it("says of any text exactly what the answer in one piece says", async ({ expect }) => {
    const said = fc.array(fc.tuple(anyText(), fc.integer({ min: 0, max: 2 })), { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(said, async (pieces) => {
        const script = [...pieces.map(([piece, choice]) => text(piece, choice)), END];
        const { frames } = await streamOf(script);
        const streamed = new Map<number, string>();
        for (const frame of frames.slice(0, -1)) {
          const { choices } = dataOf(frame) as { choices: { index: number; delta: { content: string } }[] };
          for (const { index, delta } of choices) {
            streamed.set(index, (streamed.get(index) ?? "") + delta.content);
          }
        }
        const whole = (await chatCompletion(follow(script), IDENTITY))["choices"] as {
          index: number;
          message: { content: string };
        }[];
        expect(Object.fromEntries(streamed)).toEqual(
          Object.fromEntries(whole.map(({ index, message }) => [index, message.content])),
        );
      }),
    );
  });
});
