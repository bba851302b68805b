import { existsSync } from "node:fs";
import { mkdir, open, readFile, truncate } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { AppError } from "../../src/shared/errors.ts";

const headSchema = z.strictObject({ identity: z.string() });

export interface OpenJournalOptions<Schema extends z.ZodType> {
  /** Hash of all that the entries depend on. */
  readonly identity: string;
  readonly schema: Schema;
}

/** Results that cost time or money, on disk as soon as they are there. */
export interface Journal<Entry> {
  /** What an earlier run left, in its order. */
  readonly entries: readonly Entry[];
  /** Written through to the disk before it resolves. */
  append(entry: Entry): Promise<void>;
  close(): Promise<void>;
}

/**
 * Opens (creates) a JSONL file whose first line names what it was made from. A line that a killed process wrote in part is
 * cut off; all others are given back.
 * @throws AppError `invalid_artifact` when the file was made from something else, or a line of it is malformed.
 */
export async function openJournal<Schema extends z.ZodType>(
  file: string,
  { identity, schema }: OpenJournalOptions<Schema>,
): Promise<Journal<z.output<Schema>>> {
  await mkdir(path.dirname(file), { recursive: true });
  const [head, ...lines] = await readWholeLines(file);
  if (head !== undefined && headSchema.safeParse(parseLine(head, `${file}:1`)).data?.identity !== identity) {
    throw new AppError(
      "invalid_artifact",
      `${file} was begun from other inputs or options; finish it with those, name another file, or delete it`,
    );
  }
  const entries = lines.map((line, index) => {
    const parsed = schema.safeParse(parseLine(line, `${file}:${index + 2}`));
    if (!parsed.success) {
      throw new AppError("invalid_artifact", `${file}:${index + 2}: ${z.prettifyError(parsed.error)}`);
    }
    return parsed.data;
  });
  const handle = await open(file, "a");
  if (head === undefined) {
    await appendLine(handle, { identity });
  }
  // Appends of concurrent work come one after another: half a line never stands inside another.
  let last: Promise<void> = Promise.resolve();
  return {
    entries,
    append(entry) {
      last = last.then(() => appendLine(handle, entry));
      return last;
    },
    async close() {
      await last.catch(() => undefined); // its failure was given to the one who appended
      await handle.close();
    },
  };
}

/** Complete lines; what follows the last newline is cut off the file. */
async function readWholeLines(file: string): Promise<string[]> {
  if (!existsSync(file)) {
    return [];
  }
  const bytes = await readFile(file);
  const end = bytes.lastIndexOf("\n") + 1;
  if (end < bytes.length) {
    await truncate(file, end);
  }
  return bytes.subarray(0, end).toString("utf8").split("\n").slice(0, -1);
}

function parseLine(line: string, place: string): unknown {
  try {
    return JSON.parse(line);
  } catch (error) {
    throw new AppError("invalid_artifact", `${place}: not JSON`, { cause: error });
  }
}

async function appendLine(handle: FileHandle, value: unknown): Promise<void> {
  await handle.appendFile(`${JSON.stringify(value)}\n`);
  await handle.datasync();
}
