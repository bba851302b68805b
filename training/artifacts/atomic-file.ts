import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import path from "node:path";
import { diskError } from "./disk-error.ts";
import { isProcessAlive } from "./process-alive.ts";

/** Pieces of a file, in order. */
export type FileContent = string | Uint8Array | Iterable<string | Uint8Array> | AsyncIterable<string | Uint8Array>;

/** Strings are collected up to this size before they are written: one system call a line would dominate. */
const WRITE_BUFFER_BYTES = 1 << 20;

const TEMPORARY_PATTERN = /\.(?<pid>\d+)-\d+\.tmp$/u;

/** Tells apart the temporary files of one process that writes several at once. */
const nextTemporary = counter();

/**
 * Writes to a temporary name beside the target, flushes to disk, then renames: readers see the old file or the whole new
 * one, whenever the process dies. Missing folders are made. Returns the number of bytes.
 * @throws AppError `invalid_artifact` when the disk refuses; the file that was there still is.
 */
export async function writeFileAtomic(target: string, content: FileContent): Promise<number> {
  const temporary = `${target}.${process.pid}-${nextTemporary()}.tmp`;
  try {
    await mkdir(path.dirname(target), { recursive: true });
    const bytes = await writeAll(temporary, content);
    await rename(temporary, target);
    return bytes;
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined); // the first error is the one to say
    throw diskError(target, error);
  }
}

/** Removes what killed processes left of `writeFileAtomic` in a folder; files of living processes stay. */
export async function removeStaleTemporaries(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const pid = TEMPORARY_PATTERN.exec(name)?.groups?.["pid"];
    if (pid !== undefined && !isProcessAlive(Number(pid))) {
      await rm(path.join(folder, name), { force: true });
    }
  }
}

async function writeAll(file: string, content: FileContent): Promise<number> {
  const handle = await open(file, "wx");
  try {
    let written = 0;
    let pending: Uint8Array[] = [];
    let pendingBytes = 0;
    const flush = async (): Promise<void> => {
      for (const piece of pending.length > 1 ? [Buffer.concat(pending)] : pending) {
        written += await writePiece(handle, piece);
      }
      pending = [];
      pendingBytes = 0;
    };
    for await (const piece of typeof content === "string" || content instanceof Uint8Array ? [content] : content) {
      const bytes = typeof piece === "string" ? Buffer.from(piece, "utf8") : piece;
      pending.push(bytes);
      pendingBytes += bytes.byteLength;
      if (pendingBytes >= WRITE_BUFFER_BYTES) {
        await flush();
      }
    }
    await flush();
    await handle.sync();
    return written;
  } finally {
    await handle.close();
  }
}

async function writePiece(handle: Awaited<ReturnType<typeof open>>, piece: Uint8Array): Promise<number> {
  let offset = 0;
  while (offset < piece.byteLength) {
    const { bytesWritten } = await handle.write(piece, offset, piece.byteLength - offset);
    offset += bytesWritten;
  }
  return offset;
}

function counter(): () => number {
  let count = 0;
  return () => {
    count++;
    return count;
  };
}
