import { createReadStream } from "node:fs";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import type { z } from "zod";
import { AppError } from "../../src/shared/errors.ts";

/** A line beyond this is no passage but a file of another kind; reading on would only exhaust the memory. */
const MAX_LINE_BYTES = 32 << 20;

const NEWLINE = 0x0a;

/** A non-empty line with its number, which starts at 1. */
export interface TextLine {
  readonly line: number;
  readonly text: string;
}

/** A parsed line with its number. */
export interface JsonlEntry<T> {
  readonly line: number;
  readonly value: T;
}

/**
 * Streams the non-empty lines of a UTF-8 file, uncompressed when its name ends with `.gz`; `\r\n` and a byte order mark are
 * accepted. Only `\n` ends a line: JSON may hold U+2028 raw, where `node:readline` would split. Throws `invalid_artifact`
 * with file and line.
 */
export async function* readLines(file: string): AsyncGenerator<TextLine> {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let line = 0;
  const decode = (bytes: Uint8Array): string => {
    line++;
    try {
      return decoder.decode(bytes).replace(/\r$/u, "");
    } catch (error) {
      throw new AppError("invalid_artifact", `${file}:${line}: not valid UTF-8`, { cause: error });
    }
  };
  for await (const bytes of splitLines(file)) {
    const text = decode(bytes);
    if (text.trim() !== "") {
      yield { line, text };
    }
  }
}

async function* splitLines(file: string): AsyncGenerator<Uint8Array> {
  let held: Buffer[] = [];
  let heldBytes = 0;
  let count = 0;
  for await (const piece of openForRead(file)) {
    let start = 0;
    for (let end = piece.indexOf(NEWLINE); end !== -1; end = piece.indexOf(NEWLINE, start)) {
      const tail = piece.subarray(start, end);
      yield held.length === 0 ? tail : Buffer.concat([...held, tail]);
      count++;
      held = [];
      heldBytes = 0;
      start = end + 1;
    }
    if (start < piece.length) {
      held.push(piece.subarray(start));
      heldBytes += piece.length - start;
    }
    if (heldBytes > MAX_LINE_BYTES) {
      throw new AppError("invalid_artifact", `${file}:${count + 1}: line is longer than ${MAX_LINE_BYTES} bytes`);
    }
  }
  if (heldBytes > 0) {
    yield Buffer.concat(held);
  }
}

async function* openForRead(file: string): AsyncGenerator<Buffer> {
  try {
    // Without an encoding these streams yield Buffers, which their types do not say.
    yield* openStream(file) as AsyncIterable<Buffer>;
  } catch (error) {
    throw new AppError(
      "invalid_artifact",
      `cannot read ${file}: ${error instanceof Error ? error.message : "unknown"}`,
      {
        cause: error,
      },
    );
  }
}

function openStream(file: string): NodeJS.ReadableStream {
  const bytes = createReadStream(file, { highWaterMark: 1 << 20 });
  if (!file.endsWith(".gz")) {
    return bytes;
  }
  const gunzip = createGunzip();
  pipeline(bytes, gunzip).catch(() => undefined); // a failure reaches the reader of `gunzip`, which it destroys
  return gunzip;
}

/** Streams a JSONL file through a schema. Throws `invalid_artifact` naming file, line and field. */
export async function* readJsonl<Schema extends z.ZodType>(
  file: string,
  schema: Schema,
): AsyncGenerator<JsonlEntry<z.output<Schema>>> {
  for await (const { line, text } of readLines(file)) {
    yield { line, value: parseJsonLine({ file, line, text }, schema) };
  }
}

function parseJsonLine<Schema extends z.ZodType>(
  { file, line, text }: TextLine & { readonly file: string },
  schema: Schema,
): z.output<Schema> {
  let raw: unknown;
  try {
    raw = JSON.parse(text);
  } catch (error) {
    const reason = error instanceof Error ? error.message : "unknown";
    throw new AppError("invalid_artifact", `${file}:${line}: not JSON (${reason})`, { cause: error });
  }
  const parsed = schema.safeParse(raw);
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue) => [issue.path.join("."), issue.message].filter(Boolean).join(": "));
    throw new AppError("invalid_artifact", `${file}:${line}: ${issues.join("; ")}`);
  }
  return parsed.data;
}

/** The lines of a JSONL file, for `writeFileAtomic`. */
export function* toJsonl(values: Iterable<unknown>): Generator<string> {
  for (const value of values) {
    yield `${JSON.stringify(value)}\n`;
  }
}
