import { describe, test } from "vitest";
import type { AnswerEvent } from "../../../src/rag/answer-event.ts";
import { answerQuery } from "../../../src/rag/answer-query.ts";
import { AppError } from "../../../src/shared/errors.ts";
import { PASSAGES, QUESTION, run, collect, rendered } from "../../support/answer-query-harness.ts";
import { fakeRetriever } from "../../support/fake-retriever.ts";
import { fakeTargetLm } from "../../support/fake-target-lm.ts";
import { collectionOf } from "../../support/passages.ts";

describe("answerQuery", () => {
  describe("native citations", () => {
    const native = (passageNumber: number) => ({ type: "native-citation", choice: 0, passageNumber }) as const;

    test("become marks in the text", async ({ expect }) => {
      const script = ["Canada has it.", native(1), native(2), " Yes.", native(2)];
      const events = await collect(run({ targets: [fakeTargetLm({ script, passageFormat: "native" })] }));
      expect(rendered(events)).toEqual({ text: "Canada has it. [1][2] Yes. [2]", cited: ["1:[1]", "2:[2]", "2:[2]"] });
    });

    test("of passages that do not exist are left out", async ({ expect }) => {
      const events = await collect(run({ targets: [fakeTargetLm({ script: ["x", native(9), native(0)] })] }));
      expect(rendered(events)).toEqual({ text: "x", cited: [] });
    });

    test("wait for the end of a code block", async ({ expect }) => {
      const script = ["```\ncode", native(1), "\n```\n", "done"];
      const events = await collect(run({ targets: [fakeTargetLm({ script })] }));
      expect(rendered(events)).toEqual({ text: "```\ncode\n```\n[1]done", cited: ["1:[1]"] });
    });

    test("leave the passages out of the prompt", async ({ expect }) => {
      const target = fakeTargetLm({ passageFormat: "native" });
      await collect(run({ targets: [target] }));
      expect(JSON.stringify(target.requests[0]?.messages)).not.toContain("202,080");
      expect(target.requests[0]?.passages).toEqual(PASSAGES);
    });
  });

  test("falls back, each target getting passages in its own form", async ({ expect }) => {
    const down = fakeTargetLm({
      name: "first",
      passageFormat: "native",
      script: [new AppError("upstream_unavailable", "down")],
    });
    const second = fakeTargetLm({ name: "second", script: ["so [1]."] });
    const events = await collect(run({ targets: [down, second] }));
    expect(events.at(-1)).toMatchObject({ target: "second" });
    expect(rendered(events).cited).toEqual(["1:[1]"]);
    expect(JSON.stringify(second.requests[0]?.messages)).toContain("202,080");
  });

  test("throws what breaks after the first event", async ({ expect }) => {
    const script = ["half an", new AppError("upstream_cut", "cut")];
    const other = fakeTargetLm({ name: "other" });
    const seen: AnswerEvent[] = [];
    const drain = async (): Promise<void> => {
      for await (const event of run({ targets: [fakeTargetLm({ script }), other] })) {
        seen.push(event);
      }
    };
    await expect(drain()).rejects.toMatchObject({ code: "upstream_cut" });
    expect(rendered(seen).text).toBe("half an");
    expect(other.requests).toEqual([]);
  });

  test("a consumer that leaves ends the target's request", async ({ expect }) => {
    const target = fakeTargetLm({ script: ["a", "b", "c"] });
    for await (const event of run({ targets: [target] })) {
      if (event.type === "text-delta") {
        break;
      }
    }
    expect(target.cancellations()).toBe(1);
  });

  test("an aborted signal ends it", async ({ expect }) => {
    const controller = new AbortController();
    const events = run({ signal: controller.signal, targets: [fakeTargetLm({ script: ["a", "b"] })] });
    await events.next();
    controller.abort(new AppError("aborted", "gone"));
    await expect(collect(events)).rejects.toMatchObject({ code: "aborted" });
  });

  test("draws a fresh fence for every request", async ({ expect }) => {
    const target = fakeTargetLm();
    const request = {
      targets: [target] as const,
      messages: [QUESTION],
      parameters: {},
      stream: false,
      retrieval: { collection: collectionOf(), mode: "dense", topK: 1, onError: "fail" } as const,
      signal: new AbortController().signal,
    };
    await collect(answerQuery(request, { retriever: fakeRetriever(PASSAGES) }));
    await collect(answerQuery(request, { retriever: fakeRetriever(PASSAGES) }));
    const fences = target.requests.map(
      ({ messages }) => /<passage-([a-z1-9]{16}) /u.exec(JSON.stringify(messages))?.[1],
    );
    expect(new Set(fences).size).toBe(2);
    expect(fences).not.toContain(undefined);
  });
});
