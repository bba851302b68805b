import { describe, it } from "vitest";
import { retrievalFields } from "../../../src/http/answer-body.ts";
import { retrievedPassages } from "../../support/retrieved-passages.ts";

describe("retrievalFields", () => {
  it("cites a passage without a URL by its id, and leaves the passage as it is", ({ expect }) => {
    const fields = retrievalFields({
      type: "retrieval-end",
      query: "q",
      collection: "c",
      outcome: {
        passages: retrievedPassages([{ url: "https://example.org/a" }, { url: "" }]),
        mode: "hybrid",
        degraded: [],
        timings: {},
        usage: { embedTokens: 0, vectorsQueried: 0 },
      },
      contextTokens: 0,
      notices: [],
    });
    expect(fields).toMatchObject({
      citations: ["https://example.org/a", "p2"],
      retrieval: { passages: [{ url: "https://example.org/a" }, { id: "p2", url: "" }] },
    });
  });
});
