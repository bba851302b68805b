import type { ModelHeader } from "./model-header.ts";
import { HEADER_BYTES } from "./model-header.ts";

/** A run of bytes of the model file; `offset` counts from its start and is a multiple of 16. */
export interface Section {
  readonly offset: number;
  readonly bytes: number;
}

/** A product with constant weights: int8 codes in panels (see `assembly/matrix-product.ts`), float32 for each column. */
export interface ProductSections {
  readonly inputs: number;
  readonly outputs: number;
  readonly weights: Section;
  readonly steps: Section;
  readonly bias: Section;
  /** float32 for each input, by which what writes them multiplies them before it codes them; absent: 1. */
  readonly smoothing?: Section;
}

/** A product whose inputs are smoothed. */
export type SmoothedProduct = ProductSections & { readonly smoothing: Section };

export interface NormSections {
  readonly gamma: Section;
  readonly beta: Section;
}

export interface LayerSections {
  /** Queries of all heads, keys, values, side by side. */
  readonly attention: SmoothedProduct;
  readonly attentionOutput: ProductSections;
  readonly attentionNorm: NormSections;
  readonly up: SmoothedProduct;
  readonly down: SmoothedProduct;
  readonly outputNorm: NormSections;
}

/** Where everything lies in a model file. There are no offsets in the file that could lie: sizes say all. */
export interface ModelLayout {
  /** int8 codes, (vocabulary, hidden). */
  readonly words: Section;
  /** float32 step of each row of `words`. */
  readonly wordSteps: Section;
  /** float32, (positions, hidden); the embedding of token type 0 is in it. */
  readonly positions: Section;
  readonly embeddingNorm: NormSections;
  readonly layers: readonly LayerSections[];
  /** All sections of float32. */
  readonly floats: readonly Section[];
  /** Of the whole file. */
  readonly bytes: number;
}

const ALIGNMENT = 16;

export function modelLayout(header: ModelHeader): ModelLayout {
  let end = HEADER_BYTES;
  const floats: Section[] = [];
  function section(bytes: number): Section {
    const offset = end;
    end = Math.ceil((offset + bytes) / ALIGNMENT) * ALIGNMENT;
    return { offset, bytes };
  }
  function floatSection(count: number): Section {
    const added = section(4 * count);
    floats.push(added);
    return added;
  }
  const norm = (): NormSections => ({ gamma: floatSection(hidden), beta: floatSection(hidden) });
  const product = (inputs: number, outputs: number): ProductSections => ({
    inputs,
    outputs,
    weights: section(inputs * outputs),
    steps: floatSection(outputs),
    bias: floatSection(outputs),
  });

  const smoothed = (inputs: number, outputs: number): SmoothedProduct => ({
    ...product(inputs, outputs),
    smoothing: floatSection(inputs),
  });

  const { hidden, heads, headSize, intermediate, vocabulary, positions } = header;
  const attentionWidth = heads * headSize;
  const layout = {
    words: section(vocabulary * hidden),
    wordSteps: floatSection(vocabulary),
    positions: floatSection(positions * hidden),
    embeddingNorm: norm(),
    layers: Array.from({ length: header.layers }, () => ({
      attention: smoothed(hidden, 3 * attentionWidth),
      attentionOutput: product(attentionWidth, hidden),
      attentionNorm: norm(),
      up: smoothed(hidden, intermediate),
      down: smoothed(intermediate, hidden),
      outputNorm: norm(),
    })),
  };
  return { ...layout, floats, bytes: end };
}
