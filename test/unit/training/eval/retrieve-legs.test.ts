import path from "node:path";
import { describe, it } from "vitest";
import type { Encoder } from "../../../../src/encoder/encoder.ts";
import { loadCorpus } from "../../../../training/artifacts/beir.ts";
import { joinLegs, retrieveLegs } from "../../../../training/eval/retrieve-legs.ts";
import type { RetrieveLegsOptions } from "../../../../training/eval/retrieve-legs.ts";
import { encodeCorpus } from "../../../../training/indexing/encode-corpus.ts";
import { SMALL_BEIR, writeBeirFolder } from "../../../support/beir-folder.ts";
import { fakeEncoder } from "../../../support/fake-encoder.ts";
import { silentProgress } from "../../../support/silent-progress.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const QUERIES = [
  { id: "q1", text: "longest coastline" },
  { id: "q2", text: "capital of Burkina Faso" },
];
const JOIN = { fusion: { method: "rrf", rrfK: 60 }, topK: 1 } as const;

async function optionsIn(folder: string): Promise<RetrieveLegsOptions & { readonly calls: string[] }> {
  await writeBeirFolder(folder, SMALL_BEIR);
  const corpusFile = path.join(folder, "corpus.jsonl");
  const calls: string[] = [];
  const fake = fakeEncoder({ dims: 64 });
  const encoder: Encoder = {
    ...fake,
    encodeQueries: (queries) => {
      calls.push(`${queries.length} queries`);
      return fake.encodeQueries(queries);
    },
    encodePassages: (passages) => {
      calls.push(`${passages.length} passages`);
      return fake.encodePassages(passages);
    },
  };
  return {
    mode: "hybrid",
    corpusFile,
    passages: await loadCorpus(corpusFile),
    queries: QUERIES,
    depth: 100,
    loadEncoder: (runtime) => {
      calls.push(`load ${runtime}`);
      return Promise.resolve(encoder);
    },
    runtime: "node",
    cache: path.join(folder, "cache"),
    progress: silentProgress,
    signal: new AbortController().signal,
    calls,
  };
}

describe("retrieveLegs", () => {
  it.for(["dense", "lexical", "hybrid"] as const)(
    "%s finds what shares the query's words",
    async (mode, { expect, onTestFinished }) => {
      const options = await optionsIn(await temporaryFolder(onTestFinished));
      const run = joinLegs(await retrieveLegs({ ...options, mode }), { ...JOIN, mode });
      expect([...run].map(([queryId, passages]) => [queryId, passages.map(({ id }) => id)])).toEqual([
        ["q1", ["coast"]],
        ["q2", ["capital"]],
      ]);
    },
  );

  it("encodes each text once, whatever is asked later", async ({ expect, onTestFinished }) => {
    const options = await optionsIn(await temporaryFolder(onTestFinished));
    const first = await retrieveLegs(options);
    const second = await retrieveLegs(options);
    expect(options.calls).toEqual(["load node", "3 passages", "2 queries", "load node"]);
    expect(second.dense).toEqual(first.dense);
    await retrieveLegs({ ...options, queries: QUERIES.slice(1) });
    expect(options.calls.slice(4)).toEqual(["load node", "1 queries"]);
  });

  it("encodes queries by the Worker's engine when asked, and passages still by Node's", async ({
    expect,
    onTestFinished,
  }) => {
    const options = await optionsIn(await temporaryFolder(onTestFinished));
    await retrieveLegs(options);
    await retrieveLegs({ ...options, runtime: "web" });
    expect(options.calls.slice(3)).toEqual(["load web", "load node", "2 queries"]);
  });

  it("loads no encoder for the lexical leg", async ({ expect, onTestFinished }) => {
    const options = await optionsIn(await temporaryFolder(onTestFinished));
    await retrieveLegs({ ...options, mode: "lexical" });
    expect(options.calls).toEqual([]);
  });

  it("refuses vectors of another encoder, and of another corpus", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    const options = await optionsIn(folder);
    const vectors = path.join(folder, "vectors");
    const encoder = fakeEncoder({ dims: 64, fingerprint: "e".repeat(64) });
    await encodeCorpus({ corpus: options.corpusFile, output: vectors, encoder, progress: silentProgress });
    await expect(retrieveLegs({ ...options, vectors })).rejects.toMatchObject({ code: "fingerprint_mismatch" });
    const ours = { ...options, vectors, loadEncoder: () => Promise.resolve(encoder) };
    await expect(retrieveLegs(ours)).resolves.toMatchObject({ similarity: "cosine" });
    await expect(retrieveLegs({ ...ours, passages: options.passages.slice(1) })).rejects.toThrow(
      /vectors of another corpus/u,
    );
  });
});
