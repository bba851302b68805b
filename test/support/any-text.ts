import * as fc from "fast-check";

const SURROGATES = { first: 0xd8_00, count: 0x8_00 };

const codePoint = fc
  .integer({ min: 0, max: 0x10_ff_ff - SURROGATES.count })
  .map((number) => String.fromCodePoint(number < SURROGATES.first ? number : number + SURROGATES.count));

/** Texts of any code points but surrogates: what `unit: "binary"` gives, without its table of a million entries (a second). */
export function anyText(constraints: { readonly maxLength?: number } = {}): fc.Arbitrary<string> {
  return fc.string({ ...constraints, unit: codePoint });
}
