import type { ModelHeader } from "./model-header.ts";
import type { ModelLayout, ProductSections, Section } from "./model-layout.ts";

/** Where the model file starts in the kernel's memory. Before it are the kernel's own numbers; address 0 stays unused. */
export const MODEL_ADDRESS = 1024;

/** Addresses of what one pass writes, for up to `rows` tokens; the model file lies before them. */
export interface MemoryLayout {
  /** Tokens of a pass, of all its texts. */
  readonly rows: number;
  /** uint32 of each token. */
  readonly ids: number;
  readonly positions: number;
  /** float32, (rows, hidden): what goes from layer to layer. */
  readonly states: number;
  /** int32 or float32, (rows, widest product). */
  readonly sums: number;
  /** float32, (rows, heads · headSize). */
  readonly context: number;
  /** Two bytes a code, (rows rounded up to four, widest input). */
  readonly codes: number;
  /** Weights of four columns, two bytes each. */
  readonly wide: number;
  /** float32 of each row. */
  readonly rowSteps: number;
  /** Four rows of attention scores of the longest text. */
  readonly scores: number;
  /** float32, (hidden): a pooled text. */
  readonly pooled: number;
  /** int32 for each column of a product, by the address of its weights. */
  readonly columnSums: ReadonlyMap<Section, number>;
  /** Bytes of memory, all in all. */
  readonly end: number;
}

export function memoryLayout(header: ModelHeader, model: ModelLayout, rows: number): MemoryLayout {
  let end = MODEL_ADDRESS + model.bytes;
  const room = (bytes: number): number => {
    const address = Math.ceil(end / 16) * 16;
    end = address + bytes;
    return address;
  };
  const { hidden, heads, headSize, intermediate, positions } = header;
  const attentionWidth = heads * headSize;
  const widestInput = Math.max(hidden, attentionWidth, intermediate);
  return {
    rows,
    ids: room(4 * rows),
    positions: room(4 * rows),
    states: room(4 * rows * hidden),
    sums: room(4 * rows * Math.max(3 * attentionWidth, hidden, intermediate)),
    context: room(4 * rows * attentionWidth),
    codes: room(2 * Math.ceil(rows / 4) * 4 * widestInput),
    wide: room(8 * widestInput),
    rowSteps: room(4 * rows),
    scores: room(16 * (Math.min(rows, positions) + 3)),
    pooled: room(4 * hidden),
    columnSums: new Map(productsOf(model).map(({ weights, outputs }) => [weights, room(4 * outputs)])),
    end,
  };
}

export function productsOf({ layers }: ModelLayout): ProductSections[] {
  return layers.flatMap(({ attention, attentionOutput, up, down }) => [attention, attentionOutput, up, down]);
}
