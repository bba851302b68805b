import type { DocumentInput } from "../accept-documents.ts";

/** sha256 (hex) over everything that a document is made of, so that the same again can be told. */
export async function documentDigest({
  id,
  title,
  url,
  metadata,
  format,
  split,
  content,
}: DocumentInput): Promise<string> {
  const identity = JSON.stringify([id, title, url, metadata, format, split.maxTokens, split.overlapTokens, content]);
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(identity));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
