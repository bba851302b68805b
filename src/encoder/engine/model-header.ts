import { AppError } from "../../shared/errors.ts";

/** Sizes of a BERT encoder, as the head of its model file says them. */
export interface ModelHeader {
  readonly layers: number;
  /** Width of the states between layers, of the embedding too. A multiple of 8, as are the next two. */
  readonly hidden: number;
  readonly heads: number;
  /** Of a query, a key and a value; a size that is no multiple of 8 is padded with zeros by the writer. */
  readonly headSize: number;
  /** Width inside the feed-forward part. */
  readonly intermediate: number;
  /** Rows of the token embeddings: ids are below it. */
  readonly vocabulary: number;
  /** Rows of the position embeddings: the longest text in tokens. */
  readonly positions: number;
  /** Multiplies the scores of attention: 1 / √(head size before padding). */
  readonly attentionScale: number;
  /** Added to variances by layer norm. */
  readonly epsilon: number;
}

/** "AARENC" and the version of the layout in the last two bytes. */
const MAGIC = [0x41, 0x41, 0x52, 0x45, 0x4e, 0x43, 0x00, 0x01] as const;

/** Bytes before the first tensor: 8 of magic, 7 integers, 2 floats, zeros. */
export const HEADER_BYTES = 64;

/** What no encoder of this kind exceeds; with them no size computed from a header can overflow. */
const LIMITS = {
  layers: 64,
  hidden: 4096,
  heads: 64,
  headSize: 256,
  intermediate: 16_384,
  vocabulary: 1_000_000,
  positions: 8192,
} as const;
type Size = keyof typeof LIMITS;

/** In the order of the file, each a little-endian 32-bit integer. */
const SIZES = Object.keys(LIMITS) as Size[]; // its keys are its type's
const MULTIPLES_OF_8: readonly Size[] = ["hidden", "headSize", "intermediate"];

/**
 * Reads the head of a model file.
 * @throws AppError `invalid_artifact` for a file of another kind, and for sizes that no encoder has.
 */
export function readModelHeader(bytes: Uint8Array): ModelHeader {
  if (bytes.byteLength < HEADER_BYTES || MAGIC.some((byte, index) => bytes[index] !== byte)) {
    throw new AppError(
      "invalid_artifact",
      "the model file is no edge model of version 1 (wrong or missing header); write it with `aar quantize --engine edge`",
    );
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_BYTES);
  const sizes = Object.fromEntries(
    SIZES.map((name, index) => [name, view.getUint32(MAGIC.length + 4 * index, true)]),
  ) as Record<Size, number>; // one entry for each
  for (const name of SIZES) {
    const size = sizes[name];
    if (size < 1 || size > LIMITS[name] || (MULTIPLES_OF_8.includes(name) && size % 8 !== 0)) {
      const multiple = MULTIPLES_OF_8.includes(name) ? ", a multiple of 8" : "";
      throw damaged(`${name} is ${size}, expected 1 to ${LIMITS[name]}${multiple}`);
    }
  }
  const floats = MAGIC.length + 4 * SIZES.length;
  const header = {
    ...sizes,
    attentionScale: view.getFloat32(floats, true),
    epsilon: view.getFloat32(floats + 4, true),
  };
  if (!(header.attentionScale > 0 && header.attentionScale <= 1) || !(header.epsilon > 0 && header.epsilon < 1)) {
    throw damaged(
      `attentionScale is ${header.attentionScale} and epsilon ${header.epsilon}, expected numbers between 0 and 1`,
    );
  }
  return header;
}

/** The first HEADER_BYTES of a model file. */
export function writeModelHeader(header: ModelHeader): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  bytes.set(MAGIC);
  const view = new DataView(bytes.buffer);
  for (const [index, name] of SIZES.entries()) {
    view.setUint32(MAGIC.length + 4 * index, header[name], true);
  }
  const floats = MAGIC.length + 4 * SIZES.length;
  view.setFloat32(floats, header.attentionScale, true);
  view.setFloat32(floats + 4, header.epsilon, true);
  return bytes;
}

function damaged(reason: string): AppError {
  return new AppError("invalid_artifact", `the edge model's header is damaged: ${reason}; write the file again`);
}
