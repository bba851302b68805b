import type { TextTokenizer } from "../../src/encoder/tokenizer.ts";
import { AppError } from "../../src/shared/errors.ts";
import type { Feed } from "../autodiff/training-session.ts";

/** Token ids of texts, special tokens included. */
export type TokenRows = readonly (readonly number[])[];

export interface TokenizeOptions {
  readonly tokenizer: TextTokenizer;
  readonly prefix: string;
  readonly maxLength: number;
  /** Rows of the encoder's embedding table; undefined when the graph does not tell. */
  readonly vocabulary: number | undefined;
}

/**
 * Tokens of texts, as the encoder will read them when it serves.
 * @throws AppError `invalid_artifact` that names the first text with a token that the encoder's table does not have.
 */
export function tokenize(
  texts: readonly { readonly id: string; readonly text: string }[],
  { tokenizer, prefix, maxLength, vocabulary = Infinity }: TokenizeOptions,
): TokenRows {
  return texts.map(({ id, text }) => {
    const ids = tokenizer.encode(prefix + text, maxLength);
    const stray = ids.find((token) => token < 0 || token >= vocabulary);
    if (stray !== undefined) {
      throw new AppError(
        "invalid_artifact",
        `text "${id}" has token ${stray}, the encoder's table has ${vocabulary} rows; tokenizer.json is of another model`,
      );
    }
    return ids;
  });
}

/** Number of tokens, padding not counted. */
export function countTokens(rows: TokenRows): number {
  return rows.reduce((sum, { length }) => sum + length, 0);
}

/** The inputs of a tower for some texts, padded on the right to the longest. */
export function tokenFeeds(tower: string, rows: TokenRows, padId: number): [string, Feed][] {
  const sequence = Math.max(...rows.map(({ length }) => length));
  const dims = [rows.length, sequence];
  const ids = new BigInt64Array(rows.length * sequence).fill(BigInt(padId)); // (texts, sequence)
  const mask = new BigInt64Array(rows.length * sequence);
  for (const [row, tokens] of rows.entries()) {
    for (const [position, id] of tokens.entries()) {
      ids[row * sequence + position] = BigInt(id);
      mask[row * sequence + position] = 1n;
    }
  }
  return [
    [`${tower}/input_ids`, { dataType: "int64", dims, data: ids }],
    [`${tower}/attention_mask`, { dataType: "int64", dims, data: mask }],
    [`${tower}/token_type_ids`, { dataType: "int64", dims, data: new BigInt64Array(ids.length) }],
  ];
}
