/** Base64 of the numbers as little-endian float32, the `base64` of OpenAI's embeddings. */
export function toBase64(values: Float32Array): string {
  const view = new DataView(new ArrayBuffer(values.length * 4));
  for (const [index, value] of values.entries()) {
    view.setFloat32(index * 4, value, true);
  }
  return btoa(Array.from(new Uint8Array(view.buffer), (byte) => String.fromCodePoint(byte)).join(""));
}
