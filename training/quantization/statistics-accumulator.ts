import type { DotProducts } from "../eval/dot-products.ts";
import type { InputStatistics } from "./input-statistics.ts";

/** Rows of a text that are kept as they are; what is left out is in the second moments all the same. */
const SAMPLED_ROWS_PER_TEXT = 4;
const MAX_SAMPLED_ROWS = 1024;

/** Rows whose second moments are computed at once: `dims` of the dot products. No power of two, which caches dislike as a stride. */
export const ROWS_PER_BLOCK = 1000;

/**
 * Statistics of one value, from its rows in every text. A text counts as much as any other, however long, and its mean row counts as
 * much as its rows together: embeddings are made of all tokens of a text, so an error that its tokens share weighs more than
 * errors that cancel out.
 */
export class StatisticsAccumulator {
  readonly #width: number;
  readonly #products: DotProducts;
  readonly #absMax: Float32Array;
  readonly #sum: Float64Array;
  readonly #gram: Float64Array;
  readonly #sample: number[] = [];
  /** Rows whose second moments are not in `gram` yet: (width, ROWS_PER_BLOCK), zeros after the last. */
  readonly #block: Float32Array;
  #inBlock = 0;
  #weight = 0;

  constructor(width: number, products: DotProducts) {
    this.#width = width;
    this.#products = products;
    this.#absMax = new Float32Array(width);
    this.#sum = new Float64Array(width);
    this.#gram = new Float64Array(width * width);
    this.#block = new Float32Array(width * ROWS_PER_BLOCK);
  }

  /** Adds the rows of a text: (count, width). */
  async add(rows: Float32Array): Promise<void> {
    const count = rows.length / this.#width;
    for (let taken = 0; taken < SAMPLED_ROWS_PER_TEXT; taken += 1) {
      const row = Math.floor(((taken + 0.5) * count) / SAMPLED_ROWS_PER_TEXT); // evenly spread, no randomness
      if (this.#sample.length < MAX_SAMPLED_ROWS * this.#width) {
        this.#sample.push(...rows.subarray(row * this.#width, (row + 1) * this.#width));
      }
    }
    const mean = new Float32Array(this.#width);
    for (let base = 0; base < rows.length; base += this.#width) {
      for (let column = 0; column < this.#width; column += 1) {
        const value = rows[base + column] ?? 0;
        this.#absMax[column] = Math.max(this.#absMax[column] ?? 0, Math.abs(value));
        mean[column] = (mean[column] ?? 0) + value / count;
      }
      await this.#addToBlock(rows.subarray(base, base + this.#width), 1 / Math.sqrt(count));
    }
    await this.#addToBlock(mean, 1);
    for (const [column, value] of mean.entries()) {
      this.#sum[column] = (this.#sum[column] ?? 0) + 2 * value; // of the rows, and of the mean
    }
    this.#weight += 2;
  }

  async statistics(): Promise<InputStatistics> {
    await this.#addBlock();
    return {
      width: this.#width,
      weight: this.#weight,
      absMax: this.#absMax,
      mean: this.#sum.map((sum) => sum / Math.max(1, this.#weight)),
      gram: this.#gram,
      sample: Float32Array.from(this.#sample),
      sampleRows: this.#sample.length / this.#width,
    };
  }

  async #addToBlock(row: Float32Array, factor: number): Promise<void> {
    for (let column = 0; column < this.#width; column += 1) {
      this.#block[column * ROWS_PER_BLOCK + this.#inBlock] = (row[column] ?? 0) * factor;
    }
    this.#inBlock += 1;
    if (this.#inBlock === ROWS_PER_BLOCK) {
      await this.#addBlock();
    }
  }

  async #addBlock(): Promise<void> {
    const gram = await this.#products.multiply(this.#block, this.#block);
    for (let index = 0; index < gram.length; index += 1) {
      this.#gram[index] = (this.#gram[index] ?? 0) + (gram[index] ?? 0);
    }
    this.#block.fill(0);
    this.#inBlock = 0;
  }
}
