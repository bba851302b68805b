import * as fc from "fast-check";
import { describe, it } from "vitest";
import { readMarkdown } from "../../../src/ingestion/reading/read-markdown.ts";
import { buildFtsQuery } from "../../../src/retrieval/fts-query.ts";
import { neutralize, toSingleLine } from "../../../src/shared/sanitize.ts";
import { splitSentences } from "../../../src/shared/sentences.ts";
import { guardedAddress } from "../../../src/usage/bad-key-limit.ts";
import { createTestApp } from "../../support/test-app.ts";

const ROUTES = [
  "/v1/retrieve",
  "/v1/chat/completions",
  "/v1/embeddings",
  "/v1/feedback",
  "/v1/collections",
  "/v1/vector_stores",
  "/v1/admin/keys",
  "/v1/admin/collections/c/versions",
] as const;

const DEPTH = 100_000;

describe("JSON nested a hundred thousand deep", () => {
  const nestings = [
    ["lists", "[".repeat(DEPTH) + "]".repeat(DEPTH)],
    ["objects", '{"a":'.repeat(DEPTH) + "1" + "}".repeat(DEPTH)],
    ["a filter", `{"query":"q","filter":${'{"a":'.repeat(DEPTH)}1${"}".repeat(DEPTH)}}`],
    ["a message", `{"messages":${"[".repeat(DEPTH)}${"]".repeat(DEPTH)}}`],
    ["unclosed lists", "[".repeat(DEPTH)],
  ] as const;
  it.for(ROUTES.flatMap((route) => nestings.map(([what, body]) => [route, what, body] as const)))(
    "%s refuses %s",
    async ([route, , body], { expect }) => {
      const response = await createTestApp().fetch(route, { method: "POST", body });
      const { error } = (await response.json()) as { error: { code: string } };
      expect([response.status >= 400 && response.status < 500, error.code]).toEqual([
        true,
        expect.stringMatching(/^in/u),
      ]);
    },
  );
});

describe("headers", () => {
  it("of a reply hold nothing of the request but a harmless request id", async ({ expect }) => {
    const marker = "zq9marker";
    const value = fc.string({
      unit: fc.constantFrom(..."\t !\"#%&'(),;<>?@[\\]^`{|}~\u00e9".split("")),
      minLength: 1,
      maxLength: 40,
    });
    await fc.assert(
      fc.asyncProperty(value, async (noise) => {
        const sent = `${marker}${noise}${marker}`;
        const headers = {
          "x-request-id": sent,
          "idempotency-key": sent,
          origin: `https://${marker}.example`,
          authorization: `Bearer ${sent}`,
          "x-api-key": sent,
          "content-type": sent,
        };
        const response = await createTestApp().fetch("/v1/retrieve", {
          method: "POST",
          headers,
          body: '{"query":"q"}',
        });
        const reply = [...response.headers].map(([name, content]) => `${name}: ${content}`).join("\n");
        expect(reply).not.toContain(marker);
        expect(response.status).toBeLessThan(500);
      }),
      { numRuns: 200 },
    );
  });

  it("cannot be split by a request id: what is taken over is one word", async ({ expect }) => {
    for (const [id, isKept] of [
      ["trace-1.a:b=c", true],
      ["a b", false],
      ["a".repeat(129), false],
    ] as const) {
      const { headers } = await createTestApp().fetch("/health", { headers: { "x-request-id": id } });
      expect(headers.get("x-request-id") === id).toBe(isKept);
    }
  });
});

/** Work in the square of the length would outlast the limit of a test many times. */
describe("a text made to slow a pattern or a parser down", () => {
  const SIZE = 300_000;
  const pieces = [
    ["<", "< ", "</ ", "[1,", "[1 , ", "[ ", "[", "![](", '"', "NEAR("],
    [" ", "\t", "\n", "a.", ". ", "\u200b", "日", "* system", "system "],
    ["> ", "* > ", "1. > ", "- ", "*", "#", "# ", "=", "`", "|a", "*a_"],
  ].flat();
  const texts = [
    ...pieces.map((piece) => [JSON.stringify(piece), piece.repeat(Math.ceil(SIZE / piece.length))] as const),
    ["blanks between words", `a${" ".repeat(SIZE)}b`] as const,
  ];
  const readers: readonly (readonly [name: string, read: (text: string) => unknown])[] = [
    ["neutralize", neutralize],
    ["toSingleLine", toSingleLine],
    ["buildFtsQuery", buildFtsQuery],
    ["guardedAddress", guardedAddress],
    ["splitSentences", splitSentences],
    ["readMarkdown", (text) => [...readMarkdown(text).sections]],
  ];
  it.for(readers)("%s ends", ([, read], { expect }) => {
    for (const [what, text] of texts) {
      expect(() => read(text), what).not.toThrow();
    }
  });
});
