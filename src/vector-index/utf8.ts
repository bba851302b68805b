const encoder = new TextEncoder();

/** Length in bytes of UTF-8. */
export function utf8Length(text: string): number {
  return encoder.encode(text).length;
}

/** The longest well-formed prefix of at most `maxBytes` bytes of UTF-8. */
export function truncateUtf8(text: string, maxBytes: number): string {
  // `encodeInto` stops before a character that does not fit: exactly the cut wanted. `read` counts UTF-16 units.
  const { read } = encoder.encodeInto(text, new Uint8Array(maxBytes));
  return text.slice(0, read);
}

/**
 * Order of the strings' UTF-8 bytes, which is the order of code points; negative, zero or positive.
 * JavaScript's `<` compares UTF-16 units and so puts U+FFFD after U+1F600.
 */
export function compareUtf8(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i += 1) {
    const x = a.charCodeAt(i);
    const y = b.charCodeAt(i);
    if (x !== y) {
      return codePointRank(x) - codePointRank(y);
    }
  }
  return a.length - b.length;
}

/** Surrogates stand for code points above U+FFFF: they sort after every other unit. */
function codePointRank(unit: number): number {
  return unit >= 0xd800 && unit <= 0xdfff ? unit + 0x10000 : unit;
}
