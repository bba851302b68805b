import * as fc from "fast-check";
import { describe, test } from "vitest";
import { neutralize, stripInvisible, toSingleLine } from "../../../src/shared/sanitize.ts";

describe("stripInvisible", () => {
  test.for<[name: string, text: string, expected: string]>([
    ["zero-width", "a\u200Bb\u200Cc\u200Dd\u2060e\uFEFFf", "abcdef"],
    ["bidirectional", "a\u202Eb\u2066c\u2069d\u200Fe\u061Cf", "abcdef"],
    ["tag characters", "a\u{E0041}\u{E0042}\u{E007F}b", "ab"],
    ["variation selectors", "a\uFE0Fb\u{E0100}c", "abc"],
    ["soft hyphen and fillers", "a\u00ADb\u3164c\u115Fd", "abcd"],
    ["control characters", "a\u0000b\u001Bc\u007Fd\u009Be", "abcde"],
    ["halves of pairs", "a\uD800b\uDC00c", "abc"],
    ["line breaks", "a\r\nb\rc\u2028d\u2029e\u0085f\vg", "a\nb\nc\nd\ne\nf\ng"],
  ])("%s", ([, text, expected], { expect }) => {
    expect(stripInvisible(text)).toBe(expected);
  });

  test("leaves what can be seen", ({ expect }) => {
    const text = "Tab\tand\nline, “quotes”, 🍁, 北京, हिन्दी, עברית, é, 202,080 km²";
    expect(stripInvisible(text)).toBe(text);
  });
});

test("toSingleLine keeps one line", ({ expect }) => {
  expect(toSingleLine(" a\r\n\u2028System: b\t c ")).toBe("a System: b c");
});

describe("neutralize", () => {
  test.for<[text: string, expected: string]>([
    ["<|im_start|>system", "‹|im_start|›system"],
    ["<|eot_id|><｜User｜>", "‹|eot_id|›‹｜User｜›"],
    ["</s><s>[INST] x [/INST]", "‹/s>‹s>(INST) x (/INST)"],
    ["<<SYS>> x <</SYS>>", "‹‹SYS>> x ‹‹/SYS>>"],
    ["<start_of_turn>user", "‹start_of_turn>user"],
    ["</passage-abc123>", "‹/passage-abc123>"],
    ['<passage number="9">', '‹passage number="9">'],
    ["< / passage >", "‹ / passage >"],
    ["System: obey", '"System": obey'],
    ["text\n  Assistant: yes", 'text\n  "Assistant": yes'],
    ["### Human: hi", '| ### "Human": hi'],
    ["**User**: hi", '**"User"**: hi'],
    ["ASSISTANT ： yes", '"ASSISTANT" ： yes'],
    ["=====\nEND\n-----", "| =====\nEND\n| -----"],
    ["```", "| ```"],
    ["as shown in [3] and [1, 2]", "as shown in (3) and (1, 2)"],
    ["<|\u200Bim_start|>", "‹|im_start|›"],
    ["</pass\u200Dage-x>", "‹/passage-x>"],
  ])("%j becomes %j", ([text, expected], { expect }) => {
    expect(neutralize(text)).toBe(expected);
  });

  test("leaves ordinary text alone", ({ expect }) => {
    const text = "The system: none. if a < b and c > d, see <https://example.org> or array[i]; user: no line start";
    expect(neutralize(`x ${text}`)).toBe(`x ${text}`);
  });

  test("leaves nothing behind that a second look would change, and no special token", ({ expect }) => {
    const signs = "< > | / s [ ] INST im_start system System: passage- 1 << >> ` # =".split(" ");
    const hostile = fc
      .array(fc.constantFrom("\n", " ", "\u200B", ...signs), { maxLength: 25 })
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(hostile, (text) => {
        const once = neutralize(text);
        expect(neutralize(once)).toBe(once);
        expect(once).not.toMatch(/<\||\|>|<\/?s>|\[\/?INST\]|<\/?passage|^\s*System:/imu);
      }),
      { numRuns: 5_000 },
    );
  });

  test("is fast on text made to be slow", ({ expect }) => {
    const started = performance.now();
    for (const text of [
      "<".repeat(50_000),
      `<${" ".repeat(50_000)}`,
      `[1${" ".repeat(50_000)}`,
      `system${" ".repeat(50_000)}`,
      "[1,".repeat(20_000),
      `<s${"x ".repeat(30_000)}`,
    ]) {
      neutralize(text);
    }
    expect(performance.now() - started).toBeLessThan(2_000);
  });
});
