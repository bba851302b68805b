import { AppError } from "../../shared/errors.ts";
import type { EncoderManifest } from "../manifest.ts";
import type { Kernel } from "./kernel.ts";
import type { MemoryLayout } from "./memory-layout.ts";
import { MODEL_ADDRESS } from "./memory-layout.ts";
import type { ModelHeader } from "./model-header.ts";
import type {
  LayerSections,
  ModelLayout,
  NormSections,
  ProductSections,
  Section,
  SmoothedProduct,
} from "./model-layout.ts";

export interface EdgeEngineOptions {
  readonly kernel: Kernel;
  /** Holds the model file at MODEL_ADDRESS; is never grown again. */
  readonly memory: WebAssembly.Memory;
  readonly header: ModelHeader;
  readonly model: ModelLayout;
  readonly addresses: MemoryLayout;
}

interface RunLayerOptions {
  readonly layer: LayerSections;
  /** The layer after it, whose smoothing its codes get; after the last one nobody reads them. */
  readonly next: LayerSections;
  readonly rows: number;
  readonly texts: readonly (readonly number[])[];
}

interface AddNormOptions {
  readonly product: ProductSections;
  readonly norm: NormSections;
  /** The product that reads the result. */
  readonly reader: SmoothedProduct;
  readonly rows: number;
}

/** What becomes of a text's last hidden states. */
export type EngineOutput = Pick<EncoderManifest, "pooling" | "normalize">;

/**
 * A BERT encoder over the kernel: token ids of some texts in, their embeddings out. The tokens of all texts of a call are
 * rows of the same products, without padding; attention is each text's own. An embedding does not depend on the other texts,
 * to the bit: every row has its own step, and what is summed over rows is summed by text.
 */
export class EdgeEngine {
  readonly header: ModelHeader;
  /** Tokens of all texts of one call, at most. */
  readonly maxTokens: number;
  /** Whether the relaxed dot product runs. */
  readonly isRelaxed: boolean;
  readonly #kernel: Kernel;
  readonly #memory: WebAssembly.Memory;
  readonly #model: ModelLayout;
  readonly #addresses: MemoryLayout;
  readonly #ids: Uint32Array;
  readonly #positions: Uint32Array;
  readonly #pooled: Float32Array;

  constructor({ kernel, memory, header, model, addresses }: EdgeEngineOptions) {
    this.header = header;
    this.maxTokens = addresses.rows;
    this.isRelaxed = kernel.isRelaxed;
    this.#kernel = kernel;
    this.#memory = memory;
    this.#model = model;
    this.#addresses = addresses;
    this.#ids = new Uint32Array(memory.buffer, addresses.ids, addresses.rows);
    this.#positions = new Uint32Array(memory.buffer, addresses.positions, addresses.rows);
    this.#pooled = new Float32Array(memory.buffer, addresses.pooled, header.hidden);
  }

  /** Of the kernel's memory, weights included; it never changes. */
  get memoryBytes(): number {
    return this.#memory.buffer.byteLength;
  }

  /**
   * Embeddings of `header.hidden` floats, in the order of the texts.
   * @throws AppError `encoder_failed` for a text without tokens or longer than the positions, ids outside of the vocabulary,
   * more than `maxTokens` tokens, and when a value overflows.
   */
  embed(texts: readonly (readonly number[])[], output: EngineOutput): Float32Array[] {
    const rows = this.#writeTokens(texts);
    this.#embedTokens(rows);
    const { layers } = this.#model;
    for (const [index, layer] of layers.entries()) {
      this.#runLayer({ layer, next: layers[index + 1] ?? layer, rows, texts });
    }
    let start = 0;
    return texts.map(({ length }) => {
      const pooled = this.#pool(start, length, output);
      start += length;
      return pooled;
    });
  }

  #writeTokens(texts: readonly (readonly number[])[]): number {
    const { vocabulary, positions } = this.header;
    let row = 0;
    for (const ids of texts) {
      if (ids.length === 0 || ids.length > positions || row + ids.length > this.maxTokens) {
        throw new AppError(
          "encoder_failed",
          `a text has ${ids.length} tokens after ${row} of the call, expected 1 to ${positions} and at most ${this.maxTokens} in all`,
        );
      }
      for (const [position, id] of ids.entries()) {
        if (!(Number.isInteger(id) && id >= 0 && id < vocabulary)) {
          throw new AppError(
            "encoder_failed",
            `token id ${id} is outside of the encoder's vocabulary of ${vocabulary}; tokenizer.json is another encoder's`,
          );
        }
        this.#ids[row] = id;
        this.#positions[row] = position;
        row += 1;
      }
    }
    return row;
  }

  #embedTokens(rows: number): void {
    const { words, wordSteps, positions, embeddingNorm, layers } = this.#model;
    const { hidden, epsilon } = this.header;
    const to = this.#addresses;
    const [wordCodes, steps, positionTable] = [at(words), at(wordSteps), at(positions)];
    this.#kernel.embedRows(to.ids, to.positions, rows, hidden, wordCodes, steps, positionTable, to.sums);
    const [gamma, beta] = [at(embeddingNorm.gamma), at(embeddingNorm.beta)];
    const smoothing = layers[0] === undefined ? 0 : at(layers[0].attention.smoothing); // there is at least one layer
    this.#kernel.normRows(to.sums, rows, hidden, gamma, beta, epsilon, smoothing, to.states, to.codes, to.rowSteps);
  }

  #runLayer({ layer, next, rows, texts }: RunLayerOptions): void {
    const { heads, headSize, attentionScale } = this.header;
    const to = this.#addresses;
    const { attention, attentionOutput, up, down } = layer;
    const width = heads * headSize;

    this.#multiply(attention, rows);
    this.#kernel.dequantizeRows(to.sums, rows, 3 * width, to.rowSteps, at(attention.steps), at(attention.bias));
    let start = 0;
    for (const { length } of texts) {
      const [qkv, out] = [to.sums + start * 12 * width, to.context + start * 4 * width];
      this.#kernel.attention(qkv, length, heads, headSize, attentionScale, to.scores, out);
      start += length;
    }
    this.#kernel.codeRows(to.context, rows, width, to.codes, to.rowSteps);

    this.#multiply(attentionOutput, rows);
    this.#addNorm({ product: attentionOutput, norm: layer.attentionNorm, reader: up, rows });

    this.#multiply(up, rows);
    const [steps, bias, smoothing] = [at(up.steps), at(up.bias), at(down.smoothing)];
    this.#kernel.geluRows(to.sums, rows, up.outputs, to.rowSteps, steps, bias, smoothing, to.codes);

    this.#multiply(down, rows);
    this.#addNorm({ product: down, norm: layer.outputNorm, reader: next.attention, rows });
  }

  #multiply({ weights, inputs, outputs }: ProductSections, rows: number): void {
    const to = this.#addresses;
    const columnSums = to.columnSums.get(weights) ?? 0;
    this.#kernel.matrixProduct(to.codes, at(weights), columnSums, to.sums, rows, inputs, outputs, to.wide);
  }

  #addNorm({ product: { steps, bias }, norm: { gamma, beta }, reader, rows }: AddNormOptions): void {
    const to = this.#addresses;
    const { hidden, epsilon } = this.header;
    this.#kernel.addNormRows(
      to.sums,
      rows,
      hidden,
      to.rowSteps,
      at(steps),
      at(bias),
      to.states,
      at(gamma),
      at(beta),
      epsilon,
      at(reader.smoothing),
      to.codes,
    );
  }

  #pool(start: number, tokens: number, { pooling, normalize }: EngineOutput): Float32Array {
    const { hidden } = this.header;
    const { states, pooled } = this.#addresses;
    const first = states + start * 4 * hidden;
    if (pooling === "mean") {
      this.#kernel.meanRow(first, tokens, hidden, pooled);
    } else {
      this.#kernel.copyRow(pooling === "cls" ? first : first + (tokens - 1) * 4 * hidden, hidden, pooled);
    }
    if (normalize) {
      this.#kernel.normalizeRow(pooled, hidden);
    }
    if (!this.#pooled.every((value) => Number.isFinite(value))) {
      throw new AppError("encoder_failed", "an embedding is not finite: the model file's values are out of any range");
    }
    return this.#pooled.slice();
  }
}

function at({ offset }: Section): number {
  return MODEL_ADDRESS + offset;
}
