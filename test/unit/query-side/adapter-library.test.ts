import { test } from "vitest";
import { createAdapterLibrary } from "../../../src/query-side/adapter-library.ts";
import { randomAdapter } from "../../support/random-adapter.ts";

const adapter = await randomAdapter({ seed: 1 });
const DOCS = { name: "docs", version: 1 };

function newLibrary({
  uploaded = {},
  files = {},
  maxKeptBytes = 1e9,
}: {
  readonly uploaded?: Record<string, Uint8Array>;
  readonly files?: Record<string, Uint8Array>;
  readonly maxKeptBytes?: number;
} = {}) {
  const reads: string[] = [];
  const library = createAdapterLibrary({
    store: {
      read: (_collection, name) => {
        reads.push(name);
        return Promise.resolve(uploaded[name]);
      },
    },
    files: new Map(Object.keys(files).map((name) => [name, `adapters/${name}.safetensors`])),
    readFile: (path) => Promise.resolve(files[path.replaceAll(/^adapters\/|\.safetensors$/gu, "")] ?? new Uint8Array()),
    maxKeptBytes,
  });
  return { library, reads, uploaded };
}

test("an adapter is read once for each version of its collection", async ({ expect }) => {
  const { library, reads } = newLibrary({ uploaded: { a: adapter } });
  await library.find(DOCS, "a");
  await library.find(DOCS, "a");
  expect(reads).toEqual(["a"]);
  await library.find({ ...DOCS, version: 2 }, "a");
  expect(reads).toEqual(["a", "a"]);
});

test("the one unused for longest goes when there are too many bytes", async ({ expect }) => {
  const { library, reads } = newLibrary({
    uploaded: { a: adapter, b: adapter, c: adapter },
    maxKeptBytes: adapter.byteLength * 2,
  });
  for (const name of ["a", "b", "a", "c", "a", "b"]) {
    await library.find(DOCS, name);
  }
  expect(reads).toEqual(["a", "b", "c", "b"]);
});

test("an uploaded adapter comes before one of that name that came with the Worker", async ({ expect }) => {
  const other = await randomAdapter({ seed: 2 });
  const { library } = newLibrary({ uploaded: { a: adapter }, files: { a: other, b: other } });
  expect((await library.find(DOCS, "a")).manifest.name).toBe("random-1");
  expect((await library.find(DOCS, "b")).manifest.name).toBe("random-2");
  expect(library.staticNames).toEqual(["a", "b"]);
});

test("an unknown adapter is the request's fault, a damaged file the operator's", async ({ expect }) => {
  const { library } = newLibrary({ files: { broken: adapter.subarray(0, 100) } });
  await expect(library.find(DOCS, "x")).rejects.toMatchObject({ code: "unknown_adapter" });
  await expect(library.find(DOCS, "broken")).rejects.toMatchObject({ code: "configuration_invalid" });
});
