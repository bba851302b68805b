import { AppError } from "../../src/shared/errors.ts";

/** Errors by which a disk refuses what is written to it, and what helps. */
const REMEDIES: Readonly<Record<string, string>> = {
  ENOSPC: "free space on that disk",
  EDQUOT: "free space within the quota of that disk",
  EFBIG: "raise the limit on the size of files",
  EROFS: "choose a folder that can be written to",
  EACCES: "choose a folder that can be written to",
  EPERM: "choose a folder that can be written to",
  EEXIST: "move what stands in the way",
  ENOTDIR: "move what stands in the way",
  EISDIR: "move what stands in the way",
  EIO: "look at the disk, it reports a fault",
};

/** What a failed write means to the user: AppError `invalid_artifact` where the disk refused, else the error as it is. */
export function diskError(file: string, error: unknown): unknown {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const remedy = REMEDIES[code];
  return error instanceof Error && remedy !== undefined
    ? new AppError("invalid_artifact", `cannot write ${file}: ${error.message}; ${remedy} and run the same command`, {
        cause: error,
      })
    : error;
}
