/** An address in the kernel's memory. */
type Pointer = number;

/** What the engine calls of `assembly/`, where every function is described. */
interface KernelExports {
  chooseProduct(force: number): number;
  columnSums(weights: Pointer, inputs: number, outputs: number, sums: Pointer): void;
  embedRows(
    ids: Pointer,
    positions: Pointer,
    rows: number,
    width: number,
    words: Pointer,
    wordSteps: Pointer,
    positionTable: Pointer,
    x: Pointer,
  ): void;
  normRows(
    x: Pointer,
    rows: number,
    width: number,
    gamma: Pointer,
    beta: Pointer,
    epsilon: number,
    smoothing: Pointer,
    out: Pointer,
    codes: Pointer,
    rowSteps: Pointer,
  ): void;
  matrixProduct(
    codes: Pointer,
    weights: Pointer,
    columnSums: Pointer,
    sums: Pointer,
    rows: number,
    inputs: number,
    outputs: number,
    wide: Pointer,
  ): void;
  dequantizeRows(
    sums: Pointer,
    rows: number,
    width: number,
    rowSteps: Pointer,
    columnSteps: Pointer,
    bias: Pointer,
  ): void;
  attention(
    qkv: Pointer,
    tokens: number,
    heads: number,
    headSize: number,
    scale: number,
    scores: Pointer,
    out: Pointer,
  ): void;
  codeRows(x: Pointer, rows: number, width: number, codes: Pointer, steps: Pointer): void;
  addNormRows(
    sums: Pointer,
    rows: number,
    width: number,
    rowSteps: Pointer,
    columnSteps: Pointer,
    bias: Pointer,
    states: Pointer,
    gamma: Pointer,
    beta: Pointer,
    epsilon: number,
    smoothing: Pointer,
    codes: Pointer,
  ): void;
  geluRows(
    sums: Pointer,
    rows: number,
    width: number,
    rowSteps: Pointer,
    columnSteps: Pointer,
    bias: Pointer,
    smoothing: Pointer,
    codes: Pointer,
  ): void;
  meanRow(states: Pointer, tokens: number, width: number, out: Pointer): void;
  copyRow(state: Pointer, width: number, out: Pointer): void;
  normalizeRow(x: Pointer, width: number): void;
}

/** Which product a kernel runs: the fastest here, or one for tests and measurements. Their results are the same bits. */
export type ProductChoice = "fastest" | "i16" | "relaxed";

const FORCE = { fastest: -1, i16: 0, relaxed: 1 } as const satisfies Record<ProductChoice, number>;

export interface Kernel extends KernelExports {
  /** Whether the relaxed dot product runs. */
  readonly isRelaxed: boolean;
}

/** An instance of `kernel.wasm` or `kernel-relaxed.wasm` over a memory. */
export function instantiateKernel(
  module: WebAssembly.Module,
  memory: WebAssembly.Memory,
  product: ProductChoice = "fastest",
): Kernel {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  const kernel = exports as unknown as KernelExports; // the module is built from this project's `assembly/`
  return { ...kernel, isRelaxed: kernel.chooseProduct(FORCE[product]) === 1 };
}
