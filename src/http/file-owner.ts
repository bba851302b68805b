import type { StoredFile } from "../ingestion/documents/file-store.ts";
import { AppError } from "../shared/errors.ts";
import type { RouteDependencies } from "./app-dependencies.ts";
import type { HttpContext } from "./http-context.ts";

/** Whose files a request sees: the tenant's, whichever of his keys it came with. */
export function fileOwner(c: HttpContext): string {
  return c.get("access").principal.tenant;
}

/** Throws `unknown_file`, in the same words for a file of somebody else and for none at all. */
export async function findFile(
  c: HttpContext,
  { files }: Pick<RouteDependencies, "files">,
  id: string,
): Promise<StoredFile> {
  const [file] = await files.get(fileOwner(c), [id]);
  if (file === undefined) {
    throw new AppError("unknown_file", `there is no file "${id.slice(0, 128)}"`, { details: { param: "file_id" } });
  }
  return file;
}
