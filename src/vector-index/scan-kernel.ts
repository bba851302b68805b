/** An address in the kernel's memory. */
type Pointer = number;

/** What the index calls of the encoder's kernel (`src/encoder/engine/assembly`), where it is described. */
export interface ScanKernel {
  scanRows(
    codes: Pointer,
    stride: number,
    numbers: Pointer,
    sums: Pointer,
    coarse: Pointer,
    fine: Pointer,
    terms: Pointer,
    slots: Pointer,
    count: number,
    uppers: Pointer,
    dots: Pointer,
    lowers: Pointer,
    topK: number,
  ): number;
}

/** An instance of `kernel.wasm` or `kernel-relaxed.wasm` over an index's memory. */
export function instantiateScanKernel(module: WebAssembly.Module, memory: WebAssembly.Memory): ScanKernel {
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return exports as unknown as ScanKernel; // the module is built from this project's `assembly/`
}
