import { existsSync } from "node:fs";
import { appendFile, mkdir } from "node:fs/promises";
import path from "node:path";
import { z } from "zod";
import { writeFileAtomic } from "../artifacts/atomic-file.ts";
import { readLines } from "../artifacts/jsonl.ts";

const RECEIPT_VERSION = 1;

const headSchema = z.strictObject({
  schemaVersion: z.literal(RECEIPT_VERSION),
  url: z.string(),
  collection: z.string(),
  encoderFingerprint: z.string(),
});
const entrySchema = z.strictObject({
  /** sha256 of the request's body: what was uploaded, to the byte. */
  sha256: z.string(),
  passages: z.int(),
  mutationId: z.string().nullable(),
  /** Of the collection after the batch; a lower one later means that it was deleted in between. */
  version: z.int(),
  passageCount: z.int(),
});

type ReceiptHead = Omit<z.output<typeof headSchema>, "schemaVersion">;
type ReceiptEntry = z.output<typeof entrySchema>;

/** What a Worker has confirmed so far: JSONL, a head and one line a batch, appended as it is confirmed. */
export interface UploadReceipt {
  /** Batches confirmed earlier, by sha256 of their bodies. */
  readonly confirmed: ReadonlyMap<string, ReceiptEntry>;
  append(entry: ReceiptEntry): Promise<void>;
}

export interface OpenReceiptOptions {
  /** Undefined: nothing is kept. */
  readonly file: string | undefined;
  readonly head: ReceiptHead;
  /** The collection as the Worker has it now; undefined when it is new. */
  readonly collection: Pick<ReceiptEntry, "version" | "passageCount"> | undefined;
}

/**
 * Opens the receipt of an earlier upload to go on with it. It is begun anew when there is none, when it speaks of another
 * Worker, collection or encoder, and when the collection is not what it was: deleted since, or holding fewer passages.
 */
export async function openUploadReceipt({ file, head, collection }: OpenReceiptOptions): Promise<UploadReceipt> {
  if (file === undefined) {
    return { confirmed: new Map(), append: () => Promise.resolve() };
  }
  const earlier = existsSync(file) ? await readReceipt(file, head) : [];
  const last = earlier.at(-1);
  const isCurrent =
    last !== undefined &&
    collection !== undefined &&
    collection.version >= last.version &&
    collection.passageCount >= last.passageCount;
  const kept = isCurrent ? earlier : [];
  await mkdir(path.dirname(file), { recursive: true });
  // Written afresh also when it is kept: a line cut off by a crash must not meet the next append.
  await writeFileAtomic(
    file,
    [{ schemaVersion: RECEIPT_VERSION, ...head }, ...kept].map((line) => `${JSON.stringify(line)}\n`),
  );
  return {
    confirmed: new Map(kept.map((entry) => [entry.sha256, entry])),
    append: (entry) => appendFile(file, `${JSON.stringify(entry)}\n`),
  };
}

/** The entries up to the first line that does not parse, which a crash may have cut; none when the head is another's. */
async function readReceipt(file: string, wanted: ReceiptHead): Promise<ReceiptEntry[]> {
  const entries: ReceiptEntry[] = [];
  for await (const { line, text } of readLines(file)) {
    const raw = parseJson(text);
    if (line === 1) {
      const head = headSchema.safeParse(raw);
      if (
        !head.success ||
        head.data.url !== wanted.url ||
        head.data.collection !== wanted.collection ||
        head.data.encoderFingerprint !== wanted.encoderFingerprint
      ) {
        return [];
      }
      continue;
    }
    const entry = entrySchema.safeParse(raw);
    if (!entry.success) {
      return entries;
    }
    entries.push(entry.data);
  }
  return entries;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // told apart by the schemas
  }
}
