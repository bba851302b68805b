import type { EngineOutput } from "../../src/encoder/engine/edge-engine.ts";
import { readModelHeader } from "../../src/encoder/engine/model-header.ts";
import { modelLayout } from "../../src/encoder/engine/model-layout.ts";
import type { LayerSections, NormSections, ProductSections, Section } from "../../src/encoder/engine/model-layout.ts";

/**
 * What the edge engine computes, one text at a time, in plain TypeScript: the same arithmetic in the same order, so that results
 * are equal bit for bit. Every operation of the kernel on float32 is one `f(...)` here. Slow, and for tests only.
 */
const f = Math.fround;

/** A row of floats, of integer sums or of codes. */
type Row = Float32Array;

interface CodedRow {
  readonly codes: Int32Array;
  readonly step: number;
}

/** The embedding of one text. */
export function referenceEmbedding(file: Uint8Array, ids: readonly number[], output: EngineOutput): Float32Array {
  const model = new ReferenceModel(file);
  return pool(model.lastStates(ids), output);
}

class ReferenceModel {
  readonly #header;
  readonly #layout;
  readonly #file: Uint8Array;

  constructor(file: Uint8Array) {
    this.#file = file;
    this.#header = readModelHeader(file);
    this.#layout = modelLayout(this.#header);
  }

  lastStates(ids: readonly number[]): Row[] {
    const { hidden } = this.#header;
    const wordSteps = this.#floats(this.#layout.wordSteps);
    const positions = this.#floats(this.#layout.positions);
    const words = this.#codes(this.#layout.words);
    const embedded = ids.map((id, position) =>
      Float32Array.from({ length: hidden }, (_, d) =>
        f(f((words[id * hidden + d] ?? NaN) * (wordSteps[id] ?? NaN)) + (positions[position * hidden + d] ?? NaN)),
      ),
    );
    return this.#layout.layers.reduce(
      (states, layer) => this.#layer(states, layer),
      embedded.map((row) => this.#norm(row, this.#layout.embeddingNorm)),
    );
  }

  #layer(states: Row[], layer: LayerSections): Row[] {
    const attended = this.#attention(this.#product(states, layer.attention));
    const mixed = this.#product(attended, layer.attentionOutput);
    const middle = states.map((state, row) => this.#norm(add(mixed[row], state), layer.attentionNorm));
    const up = this.#product(middle, layer.up).map((row) => row.map(gelu));
    const down = this.#product(up, layer.down);
    return middle.map((state, row) => this.#norm(add(down[row], state), layer.outputNorm));
  }

  #product(rows: readonly Row[], { inputs, outputs, ...sections }: ProductSections): Row[] {
    const weights = this.#codes(sections.weights);
    const steps = this.#floats(sections.steps);
    const bias = this.#floats(sections.bias);
    const smoothing = sections.smoothing === undefined ? undefined : this.#floats(sections.smoothing);
    return rows.map((row) => {
      const { codes, step } = code(smoothing === undefined ? row : products(row, smoothing));
      return Float32Array.from({ length: outputs }, (_, column) => {
        let sum = 0;
        for (let k = 0; k < inputs; k += 1) {
          // Panels of four columns, in groups of four inputs.
          const at = ((Math.floor(column / 4) * inputs) / 4 + Math.floor(k / 4)) * 16 + (column % 4) * 4 + (k % 4);
          sum = (sum + Math.imul(codes[k] ?? NaN, weights[at] ?? NaN)) | 0;
        }
        return f(f(f(f(sum) * step) * (steps[column] ?? NaN)) + (bias[column] ?? NaN));
      });
    });
  }

  #attention(qkv: readonly Row[]): Row[] {
    const { heads, headSize, attentionScale } = this.#header;
    const width = heads * headSize;
    return qkv.map((own) => {
      const out = new Float32Array(width);
      for (let head = 0; head < heads; head += 1) {
        const part = (row: Row, index: number): Row =>
          row.subarray(index * width + head * headSize, index * width + (head + 1) * headSize);
        const scores = qkv.map((other) => f(laneSum(products(part(own, 0), part(other, 1))) * f(attentionScale)));
        const largest = Math.max(...scores);
        const weights = scores.map((score) => exponential(f(score - largest)));
        const share = f(1 / laneSum(weights));
        for (let d = 0; d < headSize; d += 1) {
          const sum = weights.reduce(
            (sum, weight, key) => f(sum + f(weight * (part(qkv[key] ?? own, 2)[d] ?? NaN))),
            0,
          );
          out[head * headSize + d] = f(sum * share);
        }
      }
      return out;
    });
  }

  #norm(row: Row, sections: NormSections): Row {
    const gamma = this.#floats(sections.gamma);
    const beta = this.#floats(sections.beta);
    const mean = f(laneSum(row) / row.length);
    const centred = row.map((value) => value - mean);
    const variance = f(laneSum(products(centred, centred)) / row.length);
    const factor = f(1 / f(Math.sqrt(f(variance + f(this.#header.epsilon)))));
    return centred.map((value, d) => f(f(f(value * factor) * (gamma[d] ?? NaN)) + (beta[d] ?? NaN)));
  }

  #codes({ offset, bytes }: Section): Int8Array {
    return new Int8Array(this.#file.buffer, this.#file.byteOffset + offset, bytes);
  }

  #floats({ offset, bytes }: Section): Float32Array {
    return new Float32Array(this.#file.slice(offset, offset + bytes).buffer);
  }
}

function code(row: Row): CodedRow {
  const largest = row.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  if (largest < f(1e-30)) {
    return { codes: new Int32Array(row.length), step: 0 };
  }
  const inverse = f(8191 / largest);
  return { codes: Int32Array.from(row, (value) => roundToEven(f(value * inverse))), step: f(largest / 8191) };
}

function roundToEven(x: number): number {
  const low = Math.floor(x);
  const isUp = x - low > 0.5 || (x - low === 0.5 && low % 2 !== 0);
  return isUp ? low + 1 : low;
}

function add(a: Row | undefined, b: Row): Row {
  return b.map((value, d) => (a?.[d] ?? NaN) + value);
}

function products(a: Row, b: Row): Row {
  return a.map((value, d) => value * (b[d] ?? NaN));
}

/** Four sums, of every fourth value, and their sum: (0 + 2) + (1 + 3). */
function laneSum(values: ArrayLike<number>): number {
  const lanes: [number, number, number, number] = [0, 0, 0, 0];
  for (let index = 0; index < values.length; index += 1) {
    const lane = (index % 4) as 0 | 1 | 2 | 3;
    lanes[lane] = f(lanes[lane] + (values[index] ?? NaN));
  }
  return f(f(lanes[0] + lanes[2]) + f(lanes[1] + lanes[3]));
}

/** The value at x of a polynomial, highest coefficient first. */
function polynomial(x: number, coefficients: readonly number[]): number {
  return coefficients.reduce((sum, coefficient) => f(f(sum * x) + f(coefficient)));
}

function exponential(x: number): number {
  if (x < -87) {
    return 0;
  }
  const power = roundToEven(f(x * f(Math.LOG2E)));
  const high = f(x - f(power * f(0.693359375)));
  const rest = f(high - f(power * f(-2.1219444e-4)));
  const series = polynomial(
    rest,
    [1.98756915e-4, 1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1].map(f),
  );
  return f(f(f(f(series * f(rest * rest)) + rest) + 1) * 2 ** power);
}

function gelu(x: number): number {
  const scaled = Math.max(-4, Math.min(4, f(x * f(Math.SQRT1_2))));
  const square = f(scaled * scaled);
  const p = polynomial(
    square,
    [
      -2.72614225801306e-10, 2.77068142495902e-8, -2.10102402082508e-6, -5.69250639462346e-5, -7.34990630326855e-4,
      -2.95459980854025e-3, -1.60960333262415e-2,
    ].map(f),
  );
  const q = polynomial(
    square,
    [-1.45660718464996e-5, -2.13374055278905e-4, -1.68282697438203e-3, -7.37332916720468e-3, -1.42647390514189e-2].map(
      f,
    ),
  );
  const erf = f(f(scaled * p) / q);
  return f(f(x * 0.5) * f(erf + 1));
}

function pool(states: readonly Row[], { pooling, normalize }: EngineOutput): Float32Array {
  const chosen = { mean: meanOf(states), cls: states[0], last_token: states.at(-1) }[pooling] ?? new Float32Array();
  const length = f(Math.sqrt(laneSum(products(chosen, chosen))));
  return normalize && length > 0 ? chosen.map((value) => value / length) : chosen;
}

function meanOf(states: readonly Row[]): Row {
  const [first = new Float32Array()] = states;
  return first.map((_, d) => states.reduce((sum, state) => f(sum + (state[d] ?? NaN)), 0) / states.length);
}
