import type { ModelHeader } from "../../../src/encoder/engine/model-header.ts";
import { writeModelHeader } from "../../../src/encoder/engine/model-header.ts";
import type { NormSections, ProductSections, Section } from "../../../src/encoder/engine/model-layout.ts";
import { modelLayout } from "../../../src/encoder/engine/model-layout.ts";
import { AppError } from "../../../src/shared/errors.ts";
import type { StatisticsByValue } from "../input-statistics.ts";
import { quantizeRows } from "../quantize-embedding-table.ts";
import type { BertLayer, BertNorm, BertProduct, BertWeights } from "./bert-weights.ts";
import { chooseSmoothing, codeProduct, packProduct } from "./pack-product.ts";
import type { PackedProduct } from "./pack-product.ts";

export interface WriteEdgeModelOptions {
  readonly bert: BertWeights;
  /** Of the values that products read; without one, weights are rounded to nearest. */
  readonly statistics: StatisticsByValue;
  readonly onProgress: (done: number, total: number) => void;
}

/** The kernel works on eight floats at a time. */
const MULTIPLE = 8;

/**
 * A model file of the edge engine. A head's size that is no multiple of 8 is filled up with columns and rows of zeros, which change
 * nothing. Throws AppError `invalid_artifact` when the widths of states or of the feed-forward part are no such multiples.
 */
export function writeEdgeModel({ bert, statistics, onProgress }: WriteEdgeModelOptions): Uint8Array {
  const { hidden, heads, epsilon, words, positions, embeddingNorm, layers } = bert;
  const intermediate = layers[0]?.up.outputs ?? 0;
  for (const [name, size] of Object.entries({ hidden, intermediate })) {
    if (size % MULTIPLE !== 0) {
      throw new AppError("invalid_artifact", `${name} is ${size}, the edge engine wants multiples of ${MULTIPLE}`);
    }
  }
  const ownHeadSize = hidden / heads;
  const headSize = Math.ceil(ownHeadSize / MULTIPLE) * MULTIPLE;
  const header: ModelHeader = {
    layers: layers.length,
    hidden,
    heads,
    headSize,
    intermediate,
    vocabulary: words.length / hidden,
    positions: positions.length / hidden,
    attentionScale: 1 / Math.sqrt(ownHeadSize),
    epsilon,
  };
  const layout = modelLayout(header);
  const file = new EdgeFile(layout.bytes);
  file.write({ offset: 0 }, writeModelHeader(header));
  const table = quantizeRows(words, header.vocabulary, hidden);
  file.write(layout.words, table.codes);
  file.write(layout.wordSteps, table.steps);
  file.write(layout.positions, positions);
  file.writeNorm(layout.embeddingNorm, embeddingNorm);
  const inHeads = headColumns({ heads, ownHeadSize, headSize });
  for (const [index, sections] of layout.layers.entries()) {
    const layer = layers[index];
    if (layer !== undefined) {
      const context = chooseSmoothing([layer.attentionOutput], statistics);
      file.writeProduct(sections.attention, packAttention({ layer, statistics, columns: inHeads, context }));
      file.writeProduct(sections.attentionOutput, {
        ...packProduct({
          ...codeProduct(layer.attentionOutput, statistics, context),
          rows: inHeads,
          columns: range(header.hidden),
        }),
        smoothing: undefined,
      });
      file.writeNorm(sections.attentionNorm, layer.attentionNorm);
      file.writeProduct(sections.up, pack(layer.up, statistics));
      file.writeProduct(sections.down, pack(layer.down, statistics));
      file.writeNorm(sections.outputNorm, layer.outputNorm);
    }
    onProgress(index + 1, layers.length);
  }
  return file.bytes;
}

/** Where each column of padded heads comes from; -1 where it is filled up. */
function headColumns(sizes: {
  readonly heads: number;
  readonly ownHeadSize: number;
  readonly headSize: number;
}): number[] {
  const { heads, ownHeadSize, headSize } = sizes;
  return Array.from({ length: heads * headSize }, (_, column) => {
    const inHead = column % headSize;
    return inHead < ownHeadSize ? Math.floor(column / headSize) * ownHeadSize + inHead : -1;
  });
}

/** A product, and the smoothing of what it reads. */
interface SmoothedProduct extends PackedProduct {
  readonly smoothing: Float32Array | undefined;
}

function pack(product: BertProduct, statistics: StatisticsByValue): SmoothedProduct {
  const smoothing = chooseSmoothing([product], statistics);
  const [rows, columns] = [range(product.inputs), range(product.outputs)];
  return { ...packProduct({ ...codeProduct(product, statistics, smoothing), rows, columns }), smoothing };
}

interface PackAttentionOptions {
  readonly layer: BertLayer;
  readonly statistics: StatisticsByValue;
  readonly columns: readonly number[];
  /** Smoothing of the context, which is a mean of values: they are divided by it here, in steps and bias. */
  readonly context: Float32Array | undefined;
}

/** Queries, keys and values side by side. */
function packAttention({ layer, statistics, columns, context }: PackAttentionOptions): SmoothedProduct {
  const { query, key, value } = layer;
  const smoothing = chooseSmoothing([query, key, value], statistics);
  const parts = [query, key, value].map((product) => {
    const {
      codes: { codes, scales },
      bias,
    } = codeProduct(product, statistics, smoothing);
    const divisor = (column: number): number => (product === value ? (context?.[column] ?? 1) : 1);
    return packProduct({
      codes: { codes, scales: scales.map((scale, column) => scale / divisor(column)) },
      bias: bias.map((value, column) => value / divisor(column)),
      rows: range(product.inputs),
      columns,
    });
  });
  return {
    weights: Int8Array.from(parts.flatMap(({ weights }) => [...weights])),
    steps: Float32Array.from(parts.flatMap(({ steps }) => [...steps])),
    bias: Float32Array.from(parts.flatMap(({ bias }) => [...bias])),
    smoothing,
  };
}

function range(length: number): number[] {
  return Array.from({ length }, (_, index) => index);
}

/** The bytes of a model file, section by section. */
class EdgeFile {
  readonly bytes: Uint8Array;

  constructor(bytes: number) {
    this.bytes = new Uint8Array(bytes);
  }

  write({ offset }: Pick<Section, "offset">, { buffer, byteOffset, byteLength }: ArrayBufferView): void {
    this.bytes.set(new Uint8Array(buffer, byteOffset, byteLength), offset);
  }

  writeNorm(sections: NormSections, { gamma, beta }: BertNorm): void {
    this.write(sections.gamma, gamma);
    this.write(sections.beta, beta);
  }

  writeProduct(sections: ProductSections, { weights, steps, bias, smoothing }: SmoothedProduct): void {
    if (sections.smoothing !== undefined) {
      const { inputs } = sections;
      this.write(
        sections.smoothing,
        Float32Array.from({ length: inputs }, (_, k) => 1 / (smoothing?.[k] ?? 1)),
      );
    }
    this.write(sections.weights, weights);
    this.write(sections.steps, steps);
    this.write(sections.bias, bias);
  }
}
