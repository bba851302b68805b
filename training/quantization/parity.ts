import type { Encoder } from "../../src/encoder/encoder.ts";
import { cosine } from "../../src/encoder/vector.ts";
import type { SampledTexts } from "./sample-texts.ts";

/** How close the embeddings of two encoders are. */
export interface Parity {
  readonly texts: number;
  readonly meanCosine: number;
  readonly worstCosine: number;
}

export interface MeasureParityOptions {
  readonly reference: Encoder;
  readonly candidate: Encoder;
  readonly texts: SampledTexts;
  /** Called with the number of texts that both have encoded. */
  readonly onTexts?: (count: number) => void;
}

/** Texts of one call: the encoder sorts them by length. */
const TEXTS_PER_CALL = 64;

/** Cosines of the embeddings of the same texts, passages and queries apart. */
export async function measureParity(
  options: MeasureParityOptions,
): Promise<{ readonly passages: Parity; readonly queries: Parity }> {
  const { reference, candidate, texts, onTexts } = options;
  const passages = await compare(texts.passages, async (part) => {
    const [expected, actual] = [await reference.encodePassages(part), await candidate.encodePassages(part)];
    onTexts?.(part.length);
    return [expected.embeddings, actual.embeddings];
  });
  const queries = await compare(texts.queries, async (part) => {
    const [expected, actual] = [await reference.encodeQueries(part), await candidate.encodeQueries(part)];
    onTexts?.(part.length);
    return [expected.embeddings, actual.embeddings];
  });
  return { passages, queries };
}

type Embeddings = readonly Float32Array[];

async function compare<Text>(
  texts: readonly Text[],
  encode: (part: readonly Text[]) => Promise<readonly [Embeddings, Embeddings]>,
): Promise<Parity> {
  let sum = 0;
  let worst = 1;
  for (let start = 0; start < texts.length; start += TEXTS_PER_CALL) {
    const [expected, actual] = await encode(texts.slice(start, start + TEXTS_PER_CALL));
    for (const [index, embedding] of expected.entries()) {
      const value = cosine(embedding, actual[index] ?? new Float32Array());
      sum += value;
      worst = Math.min(worst, value);
    }
  }
  return { texts: texts.length, meanCosine: sum / texts.length, worstCosine: worst };
}
