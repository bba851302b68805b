import { describe, it } from "vitest";
import { passagesRequestSchema } from "../../../../src/http/schemas/collections.ts";
import type { CorpusPassage } from "../../../../training/artifacts/beir.ts";
import { checkUploadable } from "../../../../training/indexing/check-uploadable.ts";

const PASSAGE: CorpusPassage = { id: "a b", documentId: "a", title: "", text: "", url: "", metadata: { by: { n: 1 } } };

/** Whether the Worker's own schema takes the passage. */
function isTaken({ documentId, ...passage }: CorpusPassage): boolean {
  const passages = [{ ...passage, document_id: documentId, values: [1] }];
  return passagesRequestSchema.safeParse({ encoder_fingerprint: "a".repeat(64), passages }).success;
}

describe("checkUploadable", () => {
  it.for([
    ["text", { text: "x".repeat(100_001) }, /passage "a b": its text has 100001 characters, at most 100000/u],
    ["title", { title: "x".repeat(2049) }, /passage "a b": its title has 2049 characters, at most 2048/u],
    ["url", { url: "x".repeat(2049) }, /passage "a b": its url/u],
    ["document_id", { documentId: "x".repeat(2049) }, /passage "a b": its documentId/u],
    ["metadata", { metadata: { a: "x".repeat(10_240) } }, /oversized metadata for vector id="a b"/u],
    ["metadata key", { metadata: { "a.b": 1 } }, /invalid metadata key for vector id="a b"/u],
  ] as const)("names the passage and the limit of a %s that the Worker refuses", ([, fields, message], { expect }) => {
    const passage = { ...PASSAGE, ...fields };
    expect(isTaken(passage)).toBe(false);
    expect(() => checkUploadable([PASSAGE, passage])).toThrow(message);
  });

  it("lets through what is just within the limits", ({ expect }) => {
    const passage = { ...PASSAGE, text: "x".repeat(100_000), title: "x".repeat(2048), url: "x".repeat(2048) };
    expect(isTaken(passage)).toBe(true);
    expect(() => checkUploadable([PASSAGE, passage])).not.toThrow();
  });

  it("refuses a NUL in an id, and counts the passages it does not name", ({ expect }) => {
    const passages = Array.from({ length: 8 }, (_, index) => ({ ...PASSAGE, id: `p${index}\0` }));
    expect(() => checkUploadable([PASSAGE, ...passages])).toThrow(
      /refuse 8 of 9 passages, so none is sent:\n {2}passage "p0\\u0000"\.id holds a NUL[^]*\n {2}… and 3 more$/u,
    );
  });
});
