/**
 * The arithmetic of the encoder and of the index's scan, in AssemblyScript: `npm run build:wasm` makes `../kernel.wasm` of it, and
 * of `index-relaxed.ts` `../kernel-relaxed.wasm`. Memory is the caller's (`../memory-layout.ts`,
 * `src/vector-index/scan-memory.ts`); nothing here allocates. What every function computes, to the bit, is written plainly in
 * `test/support/engine-reference.ts` and `test/support/plain-scan.ts`.
 */
export { attention } from "./attention";
export { codeRows } from "./codes";
export { embedRows } from "./embedding";
export { columnSums, matrixProduct } from "./matrix-product";
export { copyRow, meanRow, normalizeRow } from "./pooling";
export { chooseProduct } from "./product-choice";
export { addNormRows, dequantizeRows, geluRows, normRows } from "./rows";
export { scanRows } from "./scan";

// Exported for the optimiser to leave them functions of their own: V8 takes better code into use only between calls.
export { fineDots } from "./fine-dots";
export { judgeFine } from "./scan";
export { fewRows, fourRows, widenFourRows, widenPanel } from "./i16-product";
