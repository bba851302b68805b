import { readFile } from "node:fs/promises";
import { decodeQueryAdapter } from "../../src/encoder/query-adapter.ts";
import type { QueryAdapter } from "../../src/encoder/query-adapter.ts";
import { AppError } from "../../src/shared/errors.ts";

/** Reads an adapter file. Throws `invalid_artifact` when it is missing or damaged; see `decodeQueryAdapter`. */
export async function readQueryAdapter(file: string): Promise<QueryAdapter> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(file);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError("invalid_artifact", `query adapter ${file} cannot be read: ${reason}`, { cause });
  }
  return await decodeQueryAdapter(bytes, file);
}
