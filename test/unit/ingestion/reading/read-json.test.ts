import * as fc from "fast-check";
import { describe, test } from "vitest";
import { readJsonRecords } from "../../../../src/ingestion/reading/read-json.ts";

const read = (value: unknown) => {
  const { title, sections } = readJsonRecords(JSON.stringify(value));
  return { title, sections: [...sections].map(({ headings, text }) => [headings.join(), text]) };
};

describe("readJsonRecords", () => {
  test("an object is its values, under its own title", ({ expect }) => {
    expect(
      read({ title: "Squid", arms: 8, alive: true, none: null, ink: { colour: "black" }, tags: ["a", "b"] }),
    ).toEqual({
      title: "Squid",
      sections: [["", "title: Squid\narms: 8\nalive: true\nink.colour: black\ntags: a, b"]],
    });
  });

  test("a list is a section for each record, under the record's name", ({ expect }) => {
    expect(read([{ name: "Oslo", people: 700_000 }, { people: 1 }, "text", 4])).toEqual({
      title: undefined,
      sections: [
        ["Oslo", "name: Oslo\npeople: 700000"],
        ["", "people: 1"],
        ["", "text"],
        ["", "4"],
      ],
    });
  });

  test("what nests deep is written as JSON, from some depth on, and without end it is refused", ({ expect }) => {
    const deep = (depth: number): string => `${'{"a":'.repeat(depth)}"core"${"}".repeat(depth)}`;
    const [section] = readJsonRecords(deep(20)).sections;
    expect(section?.text).toBe(`${Array.from({ length: 12 }, () => "a").join(".")}: ${deep(8)}`);
    expect(() => [...readJsonRecords(deep(200_000)).sections]).toThrow(
      expect.objectContaining({ code: "invalid_request" }),
    );
  });

  test("every string of any JSON is in the text", ({ expect }) => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
        const text = read(value)
          .sections.map(([, section]) => section)
          .join("\n");
        const strings: string[] = [];
        JSON.stringify(value, (_key, item: unknown) => {
          if (typeof item === "string" && item.trim() !== "") {
            strings.push(item);
          }
          return item;
        });
        expect(strings.filter((string) => !text.includes(string))).toEqual([]);
      }),
    );
  });

  test("what is no JSON is said to be none", ({ expect }) => {
    expect(() => readJsonRecords("{")).toThrow(expect.objectContaining({ code: "invalid_request" }));
  });
});
