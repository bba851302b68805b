import * as fc from "fast-check";
import { describe, it } from "vitest";
import { foldResponse } from "../../../../src/http/responses/fold-response.ts";
import { ResponseEvents } from "../../../../src/http/responses/response-events.ts";
import type { JsonObject } from "../../../../src/shared/json.ts";
import { run } from "../../../support/answer-query-harness.ts";
import { fakeTargetLm } from "../../../support/fake-target-lm.ts";

interface Streamed {
  /** Of the closing event. */
  readonly text: unknown;
  readonly annotations: unknown;
  /** What the deltas and the annotation events add up to. */
  readonly deltas: string;
  readonly added: readonly unknown[];
}

/** A response whose text arrives in these pieces. */
async function streamed(pieces: readonly string[]): Promise<Streamed> {
  const events = new ResponseEvents({ body: {}, model: "fake", includeResults: false, fileNameOf: () => "f" });
  let deltas = "";
  const added: unknown[] = [];
  const response = await foldResponse(run({ targets: [fakeTargetLm({ script: pieces })] }), {
    render: (event) => {
      const rendered = events.render(event);
      for (const { delta, annotation } of rendered) {
        deltas += typeof delta === "string" ? delta : "";
        added.push(...(annotation === undefined ? [] : [annotation]));
      }
      return rendered;
    },
  });
  const message = (response["output"] as { type: string; content?: JsonObject[] }[]).find(
    ({ type }) => type === "message",
  );
  const [part] = message?.content ?? [];
  return { text: part?.["text"], annotations: part?.["annotations"], deltas, added };
}

const words = fc.constantFrom("Canada", " ", "[1]", "[2", "]", "[1, 2]", ".", "\n", "🍁", "[9]", " is long ", "(");

describe("ResponseEvents", () => {
  it("say the same however the provider cuts its text, in deltas and at the end", async ({ expect }) => {
    await fc.assert(
      fc.asyncProperty(fc.array(words, { maxLength: 16 }), fc.array(fc.nat(60)), async (said, cuts) => {
        const text = said.join("");
        const places = [...new Set(cuts.map((cut) => Math.min(cut, text.length)))].sort((a, b) => a - b);
        const pieces = [...places, text.length].map((end, index) => text.slice(places[index - 1] ?? 0, end));
        const [whole, cut] = [await streamed([text]), await streamed(pieces)];
        expect(cut).toEqual(whole);
        expect([whole.deltas, whole.added]).toEqual([whole.text, whole.annotations]);
      }),
      { numRuns: 300 },
    );
  });
});
