import { VECTORIZE_LIMITS } from "../vector-index/limits.ts";

/**
 * Id of a passage's vector: `<collection>/<passage id>` when that fits Vectorize's 64 bytes, else its sha256 in hex. Names
 * of collections have no slash, so the first slash ends the name and ids of two collections never meet.
 */
export async function vectorIdOf(collection: string, passageId: string): Promise<string> {
  const bytes = new TextEncoder().encode(`${collection}/${passageId}`);
  if (bytes.length <= VECTORIZE_LIMITS.idBytes) {
    return `${collection}/${passageId}`;
  }
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The passage id inside a readable vector id; undefined for a hashed one, which only the store can resolve. */
export function passageIdOf(collection: string, vectorId: string): string | undefined {
  return vectorId.startsWith(`${collection}/`) ? vectorId.slice(collection.length + 1) : undefined;
}
