import type { AttachedFile } from "../ingestion/attach-files.ts";
import type { SplitSettings } from "../ingestion/passage-tokens.ts";
import { AppError } from "../shared/errors.ts";
import type { RouteDependencies } from "./app-dependencies.ts";
import { fileOwner } from "./file-owner.ts";
import type { HttpContext } from "./http-context.ts";
import type { AttachFile, ChunkingStrategy } from "./schemas/vector-stores.ts";

/** The files of a request to attach them. Throws `unknown_file` when one is not there. */
export async function attachedFiles(
  c: HttpContext,
  { files }: Pick<RouteDependencies, "files">,
  requested: readonly AttachFile[],
): Promise<readonly AttachedFile[]> {
  // Of equal ids the last counts.
  const unique = [...new Map(requested.map((entry) => [entry.file_id, entry])).values()];
  const ids = unique.map(({ file_id: id }) => id);
  const known = new Map((await files.get(fileOwner(c), ids)).map((file) => [file.id, file]));
  return unique.map(({ file_id: id, attributes, chunking_strategy: strategy }) => {
    const file = known.get(id);
    if (file === undefined) {
      throw new AppError("unknown_file", `there is no file "${id}"`, { details: { param: "file_id" } });
    }
    return { file, metadata: attributes ?? {}, split: splitSettings(strategy) };
  });
}

function splitSettings(strategy: ChunkingStrategy | null | undefined): SplitSettings {
  return strategy?.type === "static"
    ? { maxTokens: strategy.static.max_chunk_size_tokens, overlapTokens: strategy.static.chunk_overlap_tokens }
    : { maxTokens: undefined, overlapTokens: undefined };
}
