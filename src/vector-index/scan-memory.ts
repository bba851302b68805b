import { VECTORIZE_LIMITS } from "./limits.ts";
import { instantiateScanKernel, type ScanKernel } from "./scan-kernel.ts";

const PAGE_BYTES = 65_536;

/** The kernel multiplies so many codes between two tests for a row's end. */
const STRIDE_BYTES = 64;

/** Memory grows by as much as this many rows take: 1.5 MB at 384 dimensions. */
const GROWTH_ROWS = 4096;

/** Rows that the kernel multiplies before it judges them (`BATCH` of `scan.ts`). */
const DOTS = 256;

/** Where the 7-bit query puts zero (`ZERO_QUERY_CODE` of `coarse-dots.ts`). */
const ZERO_QUERY_CODE = 64;

/** factor, offset, rowBound, queryBound. */
const NUMBERS = 4;

export interface ScanMemoryOptions {
  /** `kernel-relaxed.wasm`, or `kernel.wasm` where relaxed SIMD is not known. */
  readonly module: WebAssembly.Module;
  readonly dimensions: number;
  /** Slots, at most. */
  readonly capacity: number;
}

/** A row as it is scanned; `VectorImage` tells what the numbers are. */
export interface ScannedRow {
  readonly codes: Int8Array;
  readonly factor: number;
  readonly offset: number;
  readonly rowBound: number;
  readonly queryBound: number;
}

/** A query in integers: value ≈ code · scale. */
export interface ScanQueryCodes {
  /** As many as there are dimensions. */
  readonly codes: Int16Array;
  /** Similarity ≈ factor · scale · dot + offset + constant. */
  readonly scale: number;
  /** What quantising the query lost, in the units of a row's `queryBound`. */
  readonly residual: number;
}

export interface ScanRequest {
  /** Codes within ±63. */
  readonly coarse: ScanQueryCodes;
  /** Codes within ±32,767 whose dot product with any row fits into 32 bits. */
  readonly fine: ScanQueryCodes;
  readonly constant: number;
  /** Bound = rowBound · norm + queryBound · residual + allowance. */
  readonly norm: number;
  readonly allowance: number;
  /** Search the first `count` of `slots`. */
  readonly count: number;
  readonly topK: number;
}

/** A vector that may be among the most similar, and the bound that says so. */
export interface Candidate {
  readonly slot: number;
  readonly upper: number;
}

/**
 * The memory of the kernel that scans an index: int8 codes, once, and what is computed with them. A row takes a byte a dimension,
 * rounded up to 64; 48 bytes for each slot of the capacity are reserved.
 */
export class ScanMemory {
  readonly #memory: WebAssembly.Memory;
  readonly #kernel: ScanKernel;
  readonly #stride: number;
  readonly #capacity: number;
  readonly #addresses: ReturnType<typeof layOut>;
  #views: Views;

  constructor({ module, dimensions, capacity }: ScanMemoryOptions) {
    this.#stride = Math.ceil(dimensions / STRIDE_BYTES) * STRIDE_BYTES;
    this.#capacity = capacity;
    this.#addresses = layOut(this.#stride, capacity);
    this.#memory = new WebAssembly.Memory({ initial: Math.ceil(this.#addresses.codes / PAGE_BYTES) });
    this.#kernel = instantiateScanKernel(module, this.#memory);
    this.#views = this.#view();
  }

  /** Room for `capacity` slots: what `scan` searches, ascending. A scan overwrites it, and `writeRow` may move it. */
  get slots(): Uint32Array {
    return this.#views.slots;
  }

  /** Bytes reserved so far. */
  get bytes(): number {
    return this.#memory.buffer.byteLength;
  }

  writeRow(slot: number, { codes, factor, offset, rowBound, queryBound }: ScannedRow): void {
    this.#grow(slot + 1);
    const { bytes, numbers, sums } = this.#views;
    bytes.set(codes, this.#addresses.codes + slot * this.#stride);
    numbers.set([factor, offset, rowBound, queryBound], slot * NUMBERS);
    let sum = 0;
    for (let d = 0; d < codes.length; d += 1) {
      sum += codes[d] ?? 0;
    }
    sums[slot] = sum;
  }

  /**
   * The vectors that may be among the `topK` most similar, the best upper bound first: every vector whose bound reaches the
   * topK-th best lower bound is there. Throws a RangeError for a topK beyond Vectorize's, which the caller has to rule out.
   */
  scan({ coarse, fine, constant, norm, allowance, count, topK }: ScanRequest): Candidate[] {
    if (topK > VECTORIZE_LIMITS.topK) {
      throw new RangeError(`topK is ${topK}, at most ${VECTORIZE_LIMITS.topK}`);
    }
    const { bytes, fineCodes, terms, slots, uppers } = this.#views;
    const at = this.#addresses;
    for (let d = 0; d < coarse.codes.length; d += 1) {
      bytes[at.coarse + d] = (coarse.codes[d] ?? 0) + ZERO_QUERY_CODE;
    }
    fineCodes.set(fine.codes);
    terms.set([coarse.scale, coarse.residual, fine.scale, fine.residual, norm, constant, allowance]);
    const left = this.#kernel.scanRows(
      at.codes,
      this.#stride,
      at.numbers,
      at.sums,
      at.coarse,
      at.fine,
      at.terms,
      at.slots,
      count,
      at.uppers,
      at.dots,
      at.lowers,
      topK,
    );
    return Array.from(slots.subarray(0, left), (slot, i) => ({ slot, upper: uppers[i] ?? 0 })).sort(
      (a, b) => b.upper - a.upper,
    );
  }

  #grow(rows: number): void {
    const missing = this.#addresses.codes + rows * this.#stride - this.#memory.buffer.byteLength;
    if (missing > 0) {
      const room = this.#addresses.codes + this.#capacity * this.#stride - this.#memory.buffer.byteLength;
      this.#memory.grow(Math.ceil(Math.min(room, Math.max(missing, GROWTH_ROWS * this.#stride)) / PAGE_BYTES));
      this.#views = this.#view();
    }
  }

  /** Growing memory detaches the views of before. */
  #view(): Views {
    const { buffer } = this.#memory;
    const { fine, terms, slots, uppers, numbers, sums } = this.#addresses;
    return {
      bytes: new Int8Array(buffer),
      fineCodes: new Int16Array(buffer, fine, this.#stride),
      terms: new Float64Array(buffer, terms, TERMS),
      slots: new Uint32Array(buffer, slots, this.#capacity),
      uppers: new Float64Array(buffer, uppers, this.#capacity),
      numbers: new Float64Array(buffer, numbers, NUMBERS * this.#capacity),
      sums: new Int32Array(buffer, sums, this.#capacity),
    };
  }
}

interface Views {
  readonly bytes: Int8Array;
  readonly fineCodes: Int16Array;
  readonly terms: Float64Array;
  readonly slots: Uint32Array;
  readonly uppers: Float64Array;
  readonly numbers: Float64Array;
  readonly sums: Int32Array;
}

const TERMS = 7;

/** Addresses; codes come last, as they grow. Address 0 stays unused. */
function layOut(stride: number, capacity: number): Readonly<Record<LaidOut, number>> {
  let end = 64;
  const room = (bytes: number): number => {
    const address = Math.ceil(end / 64) * 64;
    end = address + bytes;
    return address;
  };
  return {
    terms: room(8 * TERMS),
    lowers: room(8 * VECTORIZE_LIMITS.topK),
    coarse: room(stride),
    fine: room(2 * stride),
    dots: room(4 * DOTS),
    slots: room(4 * capacity),
    uppers: room(8 * capacity),
    sums: room(4 * capacity),
    numbers: room(8 * NUMBERS * capacity),
    codes: room(0),
  };
}

type LaidOut = "terms" | "lowers" | "coarse" | "fine" | "dots" | "slots" | "uppers" | "sums" | "numbers" | "codes";
