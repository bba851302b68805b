import * as fc from "fast-check";
import { describe, it } from "vitest";
import { indexedValue, metadataFromIndexed } from "../../../src/vector-index/metadata.ts";
import { compareUtf8, truncateUtf8 } from "../../../src/vector-index/utf8.ts";
import { anyText } from "../../support/any-text.ts";

describe("indexedValue", () => {
  const metadata = { text: "x", number: 1, flag: true, nested: { deep: { text: "y" } }, list: ["x"], "": 1 };

  it.for([
    { propertyName: "text", indexType: "string", expected: "x" },
    { propertyName: "number", indexType: "number", expected: 1 },
    { propertyName: "flag", indexType: "boolean", expected: true },
    { propertyName: "nested.deep.text", indexType: "string", expected: "y" },
    { propertyName: "number", indexType: "string", expected: undefined },
    { propertyName: "text", indexType: "number", expected: undefined },
    { propertyName: "list", indexType: "string", expected: undefined },
    { propertyName: "nested", indexType: "string", expected: undefined },
    { propertyName: "text.length", indexType: "number", expected: undefined },
    { propertyName: "constructor.name", indexType: "string", expected: undefined },
    { propertyName: "missing.deep", indexType: "string", expected: undefined },
  ] as const)("$propertyName as $indexType is $expected", ({ expected, ...index }, { expect }) => {
    expect(indexedValue(metadata, index)).toBe(expected);
  });

  it("holds the first 64 bytes of a string, cut at a character", ({ expect }) => {
    const index = { propertyName: "text", indexType: "string" } as const;
    expect(indexedValue({ text: "x".repeat(65) }, index)).toBe("x".repeat(64));
    expect(indexedValue({ text: `${"x".repeat(63)}é` }, index)).toBe("x".repeat(63));
    expect(indexedValue({ text: `${"x".repeat(61)}\u{1F600}` }, index)).toBe("x".repeat(61));
    expect(indexedValue({ text: `${"x".repeat(60)}\u{1F600}` }, index)).toBe(`${"x".repeat(60)}\u{1F600}`);
  });
});

describe("metadataFromIndexed", () => {
  it("nests by dots", ({ expect }) => {
    expect(
      metadataFromIndexed([
        ["a.b", 1],
        ["a.c", "x"],
        ["d", true],
      ]),
    ).toEqual({ a: { b: 1, c: "x" }, d: true });
  });

  it("gives an own property named __proto__", ({ expect }) => {
    expect(JSON.stringify(metadataFromIndexed([["__proto__.x", 1]]))).toBe('{"__proto__":{"x":1}}');
  });
});

describe("UTF-8", () => {
  const text = anyText();

  it("truncates to the longest well-formed prefix", ({ expect }) => {
    fc.assert(
      fc.property(text, fc.nat(30), (value, bytes) => {
        const cut = truncateUtf8(value, bytes);
        const next = String.fromCodePoint(...[value.codePointAt(cut.length) ?? []].flat());
        expect(value.startsWith(cut)).toBe(true);
        expect(Buffer.byteLength(cut)).toBeLessThanOrEqual(bytes);
        expect(next === "" || Buffer.byteLength(cut + next) > bytes).toBe(true);
      }),
    );
  });

  it("orders like the bytes", ({ expect }) => {
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(Math.sign(compareUtf8(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      }),
    );
  });
});
