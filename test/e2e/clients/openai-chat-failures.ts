import { BadRequestError, InternalServerError, RateLimitError } from "openai";
import { describe, it } from "vitest";
import { textOf } from "../../support/chat-chunks.ts";
import type { OpenAiWorld } from "../../support/openai-world.ts";
import { UPSTREAM_TEXT } from "../../support/upstream-scripts.ts";
import { failureOf as failureOfWorld, messages, streamOf } from "./chat-streams.ts";

/** What OpenAI's client sees of an upstream that fails, through a running Worker. */
export function describeOpenAiChatFailures(worldOf: () => OpenAiWorld): void {
  const failureOf = (model: Parameters<typeof failureOfWorld>[1]) => failureOfWorld(worldOf(), model);

  describe("an upstream that fails after it began", () => {
    it.for([
      ["cut", "upstream_cut"],
      ["ends-early", "upstream_cut"],
      ["stall", "upstream_timeout"],
      ["malformed", "upstream_malformed"],
      ["error-frame", "upstream_unavailable"],
      // Not a byte, not even headers: by then the passages have been sent.
      ["mute", "upstream_timeout"],
    ] as const)("%s: an error, never a clean end", async ([script, code], { expect }) => {
      expect((await failureOf(script)).code).toBe(code);
    });
  });

  describe("an upstream that fails before it begins", () => {
    it.for([
      ["broken", 502, "upstream_unavailable", InternalServerError],
      ["bad-key", 502, "upstream_rejected", InternalServerError],
      ["bad-parameter", 400, "upstream_rejected", BadRequestError],
      ["rate-limited", 429, "upstream_rate_limited", RateLimitError],
      ["unreachable", 502, "upstream_unavailable", InternalServerError],
    ] as const)("%s: status %i without a stream", async ([model, status, code, errorClass], { expect }) => {
      const failure: unknown = await worldOf()
        .client.chat.completions.create({ model, messages })
        .catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(errorClass);
      expect(failure).toMatchObject({ status, code });
    });

    it.for([
      ["bad-parameter", 400],
      ["rate-limited", 429],
    ] as const)(
      "%s: status %i with a stream too, when the refusal comes at once",
      async ([model, status], { expect }) => {
        expect((await failureOf(model)).status).toBe(status);
      },
    );

    it("a server that stays broken ends a stream in an error as well", async ({ expect }) => {
      expect((await failureOf("broken")).code).toBe("upstream_unavailable");
    });

    it("the wait of a 429 is kept, then the answer comes", async ({ expect }) => {
      const startedAt = performance.now();
      const completion = await worldOf().client.chat.completions.create({ model: "rate-limited-once", messages });
      expect(completion.choices[0]?.message.content).toBe(UPSTREAM_TEXT);
      expect(performance.now() - startedAt).toBeGreaterThan(1_000);
      expect(worldOf().upstream.requestsTo("rate-limited-once")).toHaveLength(2);
    });

    it("a long wait is passed on to the client", async ({ expect }) => {
      const failure: unknown = await worldOf()
        .client.chat.completions.create({ model: "rate-limited", messages })
        .catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(RateLimitError);
      expect((failure as RateLimitError).headers.get("retry-after")).toBe("3600");
    });

    it("a single 500 is not seen by the client", async ({ expect }) => {
      expect(textOf(await streamOf(worldOf(), "broken-once"))).toBe(UPSTREAM_TEXT);
    });

    it("the fallback answers", async ({ expect }) => {
      expect(textOf(await streamOf(worldOf(), "with-fallback"))).toBe(UPSTREAM_TEXT);
    });
  });
}
