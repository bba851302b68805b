import * as fc from "fast-check";
import { describe, it } from "vitest";
import { CitationPlaces } from "../../../../src/http/anthropic/citation-places.ts";
import { MessageEvents } from "../../../../src/http/anthropic/message-events.ts";
import { foldMessage } from "../../../../src/http/anthropic/message.ts";
import type { JsonObject } from "../../../../src/shared/json.ts";
import { run } from "../../../support/answer-query-harness.ts";
import { fakeTargetLm } from "../../../support/fake-target-lm.ts";

/** The message of an answer whose text arrives in these pieces, and the types of its events. */
async function messageOf(pieces: readonly string[]): Promise<{ message: JsonObject; types: readonly unknown[] }> {
  const events = new MessageEvents({ id: "msg_1", model: "fake", places: new CitationPlaces([]) });
  const types: unknown[] = [];
  const message = await foldMessage(run({ targets: [fakeTargetLm({ script: pieces })] }), {
    render: (event) => {
      const rendered = events.render(event);
      types.push(...rendered.map(({ type, index }) => [type, index]));
      return rendered;
    },
  });
  return { message, types };
}

const words = fc.constantFrom("Canada", " ", "[1]", "[2", "]", "[1, 2]", ".", "\n", "🍁", "[9]", " is long ", "(");

describe("MessageEvents", () => {
  it("make the same message however the provider cuts its text", async ({ expect }) => {
    await fc.assert(
      fc.asyncProperty(fc.array(words, { minLength: 1, maxLength: 16 }), fc.array(fc.nat(60)), async (said, cuts) => {
        const text = said.join("");
        const places = [...new Set(cuts.map((cut) => Math.min(cut, text.length)))].sort((a, b) => a - b);
        const pieces = [...places, text.length].map((end, index) => text.slice(places[index - 1] ?? 0, end));
        const [whole, cut] = [await messageOf([text]), await messageOf(pieces)];
        expect(cut.message["content"]).toEqual(whole.message["content"]);
      }),
      { numRuns: 300 },
    );
  });

  it("open and close each block once, in order, between one start and one stop", async ({ expect }) => {
    await fc.assert(
      fc.asyncProperty(fc.array(words, { maxLength: 16 }), async (said) => {
        const { types, message } = await messageOf(said);
        const blocks = (message["content"] as JsonObject[]).length;
        const ofType = (wanted: string): unknown[] =>
          (types as [string, number][]).flatMap(([type, index]) => (type === wanted ? [index] : []));
        const numbers = Array.from({ length: blocks }, (_block, index) => index);
        expect([ofType("content_block_start"), ofType("content_block_stop")]).toEqual([numbers, numbers]);
        expect([types[0], types.at(-1)]).toEqual([
          ["message_start", undefined],
          ["message_stop", undefined],
        ]);
      }),
      { numRuns: 100 },
    );
  });
});
