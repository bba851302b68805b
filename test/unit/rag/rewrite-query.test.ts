import { describe, test } from "vitest";
import { rewriteQuery } from "../../../src/rag/rewrite-query.ts";
import { AppError } from "../../../src/shared/errors.ts";
import { fakeTargetLm, type FakeScript } from "../../support/fake-target-lm.ts";

const messages = [
  { role: "system", content: "Be brief." },
  { role: "user", content: "What is the capital of Chad?" },
  { role: "assistant", content: "N'Djamena." },
  { role: "user", content: "And its population?" },
];
const { signal } = new AbortController();

const rewriteTo = (...script: FakeScript): Promise<string> =>
  rewriteQuery(fakeTargetLm({ script }), { messages, signal });

describe("rewriteQuery", () => {
  test("shows the conversation and reads the reply", async ({ expect }) => {
    const target = fakeTargetLm({ script: ["population of", " N'Djamena"] });
    await expect(rewriteQuery(target, { messages, signal })).resolves.toBe("population of N'Djamena");
    const [request] = target.requests;
    expect(request).toMatchObject({ stream: false, parameters: {}, passages: [] });
    expect(request?.messages.at(-1)?.content).toBe(
      "user: What is the capital of Chad?\nassistant: N'Djamena.\nuser: And its population?\n\n" +
        "The last question, as a search query that stands alone:",
    );
  });

  test.for<[reply: string, query: string]>([
    ['"population of Chad"', "population of Chad"],
    ["Search query: population of Chad\n", "population of Chad"],
    ["<think>It is\nChad.</think>\n\npopulation of Chad", "population of Chad"],
    ["Sure, here it is:\n“population of Chad”", "population of Chad"],
  ])("takes %j for %j", async ([reply, query], { expect }) => {
    await expect(rewriteTo(reply)).resolves.toBe(query);
  });

  test.for(["", " \n ", "x".repeat(601)])("refuses what is no query", async (reply, { expect }) => {
    await expect(rewriteTo(reply)).rejects.toMatchObject({ code: "upstream_malformed" });
  });

  test("passes a provider's failure on", async ({ expect }) => {
    const failure = new AppError("upstream_unavailable", "down");
    await expect(rewriteTo(failure)).rejects.toBe(failure);
  });

  test("does not ask a target that writes nothing of its own", async ({ expect }) => {
    const target = fakeTargetLm({ isGenerative: false });
    await expect(rewriteQuery(target, { messages, signal })).rejects.toBeInstanceOf(AppError);
    expect(target.requests).toEqual([]);
  });

  test("gives up at its deadline", async ({ expect }) => {
    const target = fakeTargetLm();
    const silent = {
      ...target,
      // Throws the signal's reason when that aborts, as every target does; never says anything.
      // eslint-disable-next-line require-yield
      async *generate(_: unknown, { signal: inner }: { readonly signal: AbortSignal }): AsyncGenerator<never> {
        await new Promise((_, reject) => {
          inner.addEventListener("abort", () => reject(inner.reason as Error), { once: true });
        });
      },
    };
    await expect(rewriteQuery(silent, { messages, signal, deadlineMs: 5 })).rejects.toMatchObject({
      code: "upstream_timeout",
    });
  });
});
