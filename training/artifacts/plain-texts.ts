import { z } from "zod";
import { joinTitleAndText } from "../../src/encoder/passage-text.ts";
import { AppError } from "../../src/shared/errors.ts";
import { readJsonl, readLines } from "./jsonl.ts";

/** A text with what messages call it. */
export interface PlainText {
  readonly id: string;
  readonly text: string;
}

/** A line of `corpus.jsonl` or `queries.jsonl` (BEIR), or of a training file. */
const lineSchema = z.union([
  z.object({ text: z.string().min(1), title: z.string().default("") }),
  z.object({ query: z.string().min(1) }).transform(({ query }) => ({ text: query, title: "" })),
]);

/**
 * Texts without judgments: `.jsonl` with `text` (and `title`) or `query` on each line, or any other file with a text a line;
 * both also as `.gz`. Repeated texts are taken once.
 * @throws AppError `invalid_artifact` for a malformed line, named, or a file without texts.
 */
export async function loadPlainTexts(file: string): Promise<PlainText[]> {
  const texts = new Map<string, string>();
  const add = (line: number, text: string): void => {
    texts.set(text, texts.get(text) ?? `${file}:${line}`);
  };
  if (/\.jsonl(\.gz)?$/u.test(file)) {
    for await (const { line, value } of readJsonl(file, lineSchema)) {
      add(line, joinTitleAndText(value));
    }
  } else {
    for await (const { line, text } of readLines(file)) {
      add(line, text.trim());
    }
  }
  if (texts.size === 0) {
    throw new AppError(
      "invalid_artifact",
      `${file} has no texts; expected one a line, or JSONL with "text" or "query"`,
    );
  }
  return [...texts].map(([text, id]) => ({ id, text }));
}
