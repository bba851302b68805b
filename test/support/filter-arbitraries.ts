import * as fc from "fast-check";
import type { VectorFilter, VectorMetadata } from "../../src/vector-index/vector-index.ts";
import { anyText } from "./any-text.ts";

/** Few keys and values, so that filters and metadata meet often; the odd ones are there to break quoting and typing. */
const keys = fc.constantFrom("a", "b", "__proto__", "it's", "back\\slash", "[0]", "ключ", "tab\tkey", "0", "#");
const LONG = "ü".repeat(40);
const strings = fc.oneof(
  fc.constantFrom("", "a", "b", "A", "1", "true", "null", "it's", '"', "é", "\u{fffd}", "\u{1f600}", "a\\b", "%"),
  fc.constantFrom(LONG, "ü".repeat(32), `x${LONG}`, `x${"ü".repeat(31)}`),
  anyText({ maxLength: 4 }).filter((text) => !text.includes("\0")),
);
const numbers = fc.oneof(
  fc.constantFrom(0, -0, 1, -1, 0.5, 1e21, 2 ** 53, 2 ** 63, -(2 ** 63), 5e-324),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
);
const scalars = fc.oneof(strings, numbers, fc.boolean());
const values = fc.oneof(
  { weight: 6, arbitrary: scalars },
  { weight: 1, arbitrary: fc.array(strings, { maxLength: 2 }) },
);

/** Metadata with one optional level of nesting. */
export const metadataArbitrary: fc.Arbitrary<VectorMetadata> = fc.dictionary(
  keys,
  fc.oneof({ weight: 3, arbitrary: values }, { weight: 1, arbitrary: fc.dictionary(keys, values, { maxKeys: 3 }) }),
  { maxKeys: 4 },
);

const operand = fc.oneof({ weight: 6, arbitrary: scalars }, { weight: 1, arbitrary: fc.constant(null) });
const range = <T extends string | number>(of: fc.Arbitrary<T>): fc.Arbitrary<Record<string, T>> =>
  fc
    .tuple(fc.constantFrom("$gt", "$gte"), of, fc.constantFrom("$lt", "$lte"), of, fc.constantFrom(1, 2, 3))
    .map(([lower, low, upper, high, which]) => ({
      ...(which === 2 ? {} : { [lower]: low }),
      ...(which === 1 ? {} : { [upper]: high }),
    }));
const condition = fc.oneof(
  operand,
  fc.tuple(fc.constantFrom("$eq", "$ne"), operand).map(([operator, value]) => ({ [operator]: value })),
  fc
    .tuple(fc.constantFrom("$in", "$nin"), fc.array(operand, { maxLength: 4 }))
    .map(([operator, list]) => ({ [operator]: list })),
  range(strings),
  range(numbers),
);

/** Filters that parse. */
export const filterArbitrary: fc.Arbitrary<VectorFilter> = fc.dictionary(
  fc.oneof(
    keys,
    fc.tuple(keys, keys).map((path) => path.join(".")),
  ),
  condition,
  { minKeys: 1, maxKeys: 3 },
) as fc.Arbitrary<VectorFilter>; // the union of conditions is wider only in its computed keys
