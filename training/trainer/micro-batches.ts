import type { Feed } from "../autodiff/training-session.ts";

/** Token ids of a text, special tokens included, without padding. */
export type TokenIds = readonly number[];

/**
 * Splits texts, by index, so that no part has more than `tokenBudget` tokens with its padding; a longer text is a part alone.
 * Longest first: parts carry little padding, and the largest comes first, so memory does not grow later.
 */
export function microBatches(texts: readonly TokenIds[], tokenBudget: number): number[][] {
  const lengthOf = (index: number): number => texts[index]?.length ?? 0;
  const parts: number[][] = [];
  for (const index of [...texts.keys()].toSorted((a, b) => lengthOf(b) - lengthOf(a))) {
    const part = parts.at(-1);
    const longest = lengthOf(part?.[0] ?? index);
    if (part === undefined || (part.length + 1) * longest > tokenBudget) {
      parts.push([index]);
    } else {
      part.push(index);
    }
  }
  return parts;
}

export interface TokenFeedsOptions {
  /** Of the program's `encode`. */
  readonly tower: string;
  readonly padId: number;
}

/** What a tower is fed: texts padded on the right to the longest. Token types are all 0. */
export function tokenFeeds(texts: readonly TokenIds[], { tower, padId }: TokenFeedsOptions): Map<string, Feed> {
  const length = Math.max(1, ...texts.map((ids) => ids.length));
  const dims = [texts.length, length];
  const inputIds = new BigInt64Array(texts.length * length).fill(BigInt(padId));
  const attentionMask = new BigInt64Array(texts.length * length);
  for (const [row, ids] of texts.entries()) {
    for (const [position, id] of ids.entries()) {
      inputIds[row * length + position] = BigInt(id);
      attentionMask[row * length + position] = 1n;
    }
  }
  const feed = (data: BigInt64Array): Feed => ({ dataType: "int64", dims, data });
  return new Map([
    [`${tower}/input_ids`, feed(inputIds)],
    [`${tower}/attention_mask`, feed(attentionMask)],
    [`${tower}/token_type_ids`, feed(new BigInt64Array(texts.length * length))],
  ]);
}
