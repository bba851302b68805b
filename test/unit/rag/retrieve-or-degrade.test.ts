import { describe, test } from "vitest";
import { retrieveOrDegrade } from "../../../src/rag/retrieve-or-degrade.ts";
import { AppError } from "../../../src/shared/errors.ts";
import type { VectorFilter } from "../../../src/vector-index/vector-index.ts";
import { fakeRetriever } from "../../support/fake-retriever.ts";
import { collectionOf } from "../../support/passages.ts";
import { retrievedPassages } from "../../support/retrieved-passages.ts";

const PASSAGES = retrievedPassages([{ title: "Cats", text: "Cats purr." }]);
const FILTER = { nokey: "x" };

async function noticesOf(found: typeof PASSAGES | AppError, filter?: VectorFilter): Promise<string[]> {
  const { notices } = await retrieveOrDegrade(
    {
      query: "What purrs?",
      collection: collectionOf(),
      mode: "hybrid",
      topK: 5,
      onError: "degrade",
      ...(filter === undefined ? {} : { filter }),
    },
    { retriever: fakeRetriever(found), signal: new AbortController().signal },
  );
  return notices.map(({ code, message }) => `${code}: ${message}`);
}

describe("retrieveOrDegrade", () => {
  test("says when nothing was found under a filter", async ({ expect }) => {
    expect(await noticesOf([], FILTER)).toEqual([
      "filter_matched_nothing: no passage matched the query and the filter (on nokey); a property has to be indexed before its passages are uploaded",
    ]);
  });

  test("says nothing of a filter that was not there, or that found something", async ({ expect }) => {
    expect(await noticesOf([])).toEqual([]);
    expect(await noticesOf(PASSAGES, FILTER)).toEqual([]);
  });

  test("does not blame the filter when retrieval failed", async ({ expect }) => {
    const notices = await noticesOf(new AppError("retrieval_failed", "down"), FILTER);
    expect(notices).toEqual([expect.stringMatching(/^degraded: /u)]);
  });
});
