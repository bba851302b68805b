/** Characters that one call turns into a string: more arguments overflow the stack. */
const BYTES_PER_CALL = 0x8000;

/** Base64 of the numbers as little-endian float32, the `base64` of OpenAI's embeddings. */
export function toBase64(values: Float32Array): string {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  for (const [index, value] of values.entries()) {
    view.setFloat32(index * 4, value, true);
  }
  return bytesToBase64(new Uint8Array(view.buffer));
}

/** Reverses `toBase64`. Undefined when the text is not base64 of whole numbers. */
export function fromBase64(text: string): Float32Array | undefined {
  const bytes = base64ToBytes(text);
  if (bytes === undefined || bytes.length % 4 !== 0) {
    return undefined;
  }
  const view = new DataView(bytes.buffer);
  return Float32Array.from({ length: bytes.length / 4 }, (_value, index) => view.getFloat32(index * 4, true));
}

/** Standard base64 with padding. */
export function bytesToBase64(bytes: Uint8Array): string {
  const pieces: string[] = [];
  for (let start = 0; start < bytes.length; start += BYTES_PER_CALL) {
    pieces.push(String.fromCodePoint(...bytes.subarray(start, start + BYTES_PER_CALL)));
  }
  return btoa(pieces.join(""));
}

/** Reverses `bytesToBase64`. Undefined when the text is not base64. */
export function base64ToBytes(text: string): Uint8Array | undefined {
  let binary: string;
  try {
    binary = atob(text);
  } catch {
    return undefined; // the caller knows what the text was meant to be
  }
  return Uint8Array.from(binary, (character) => character.codePointAt(0) ?? 0);
}
