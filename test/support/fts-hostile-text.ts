import * as fc from "fast-check";
import { anyText } from "./any-text.ts";

/** Text made to look like FTS5 syntax, with arbitrary Unicode (NUL, lone surrogates, marks) in between. */
export const ftsHostileText: fc.Arbitrary<string> = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '"',
        '""',
        "'",
        "*",
        "^",
        "(",
        ")",
        "{",
        "}",
        ":",
        "-",
        "+",
        ",",
        "NEAR(",
        " AND ",
        " OR ",
        " NOT ",
      ),
      fc.constantFrom(
        "title:",
        "rank",
        "\0",
        "\ud800",
        "\udc00",
        "\u0301",
        "\u200b",
        "\ufeff",
        "\u{e000}",
        "%",
        ";--",
        "\\",
      ),
      anyText({ maxLength: 6 }),
      fc.string({ unit: "grapheme", maxLength: 6 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(""));
