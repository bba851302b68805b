import { AppError } from "../../shared/errors.ts";
import { sha256Hex } from "../../shared/sha256-hex.ts";
import type { ExpectedFile } from "../load-manifest.ts";
import { verifyFile } from "../load-manifest.ts";
import { EdgeEngine } from "./edge-engine.ts";
import type { ProductChoice } from "./kernel.ts";
import { instantiateKernel } from "./kernel.ts";
import { memoryLayout, MODEL_ADDRESS, productsOf } from "./memory-layout.ts";
import { HEADER_BYTES, readModelHeader } from "./model-header.ts";
import { modelLayout } from "./model-layout.ts";
import type { ModelLayout } from "./model-layout.ts";

export interface LoadEngineOptions {
  /** `kernel-relaxed.wasm`, or `kernel.wasm` where relaxed SIMD is not known. */
  readonly module: WebAssembly.Module;
  /** The model file, from its start, in pieces of any size. */
  readonly model: AsyncIterable<Uint8Array>;
  /** What the manifest says of the file. */
  readonly expected: ExpectedFile & { readonly bytes: number };
  /** Tokens of one pass, of all its texts; each costs some 13 kB of memory (384 x 1536). */
  readonly rows: number;
  /** Default `fastest`. */
  readonly product?: ProductChoice;
  /** Default `instantiateKernel`; measurements watch what it makes. */
  readonly instantiate?: typeof instantiateKernel;
}

/** Larger files are refused before memory is asked for: an isolate has 128 MB. */
const MAX_MODEL_BYTES = 512 * 2 ** 20;

const PAGE_BYTES = 65_536;

/**
 * Loads a model file into a kernel's memory. Pieces are written where they stay as they arrive; there is no second copy.
 * @throws AppError `invalid_artifact` for a file that is not the manifest's, is cut off or too long, or whose contents do not fit each other.
 */
export async function loadEngine({
  module,
  model,
  expected,
  rows,
  product,
  instantiate = instantiateKernel,
}: LoadEngineOptions): Promise<EdgeEngine> {
  if (expected.bytes > MAX_MODEL_BYTES) {
    throw new AppError(
      "invalid_artifact",
      `encoder file ${expected.file} has ${expected.bytes} bytes, at most ${MAX_MODEL_BYTES} are loaded`,
    );
  }
  const memory = new WebAssembly.Memory({ initial: pages(MODEL_ADDRESS + expected.bytes) });
  const received = await receive(model, new Uint8Array(memory.buffer, MODEL_ADDRESS), expected);
  const file = new Uint8Array(memory.buffer, MODEL_ADDRESS, received);
  verifyFile(expected, { bytes: received, sha256: await sha256Hex(file) });
  const header = readModelHeader(file.subarray(0, HEADER_BYTES));
  const layout = modelLayout(header);
  if (layout.bytes !== received) {
    throw new AppError(
      "invalid_artifact",
      `encoder file ${expected.file} has ${received} bytes, its header tells of ${layout.bytes}; write it again with \`aar quantize\``,
    );
  }
  checkFloats(file, layout, expected.file);
  const addresses = memoryLayout(header, layout, rows);
  memory.grow(pages(addresses.end) - pages(MODEL_ADDRESS + expected.bytes));
  const kernel = instantiate(module, memory, product);
  if (kernel.isRelaxed) {
    for (const { weights, inputs, outputs } of productsOf(layout)) {
      kernel.columnSums(MODEL_ADDRESS + weights.offset, inputs, outputs, addresses.columnSums.get(weights) ?? 0);
    }
  }
  return new EdgeEngine({ kernel, memory, header, model: layout, addresses });
}

/** Writes what arrives into `room`. Returns how many bytes came: fewer than expected when the file is cut off. */
async function receive(
  model: AsyncIterable<Uint8Array>,
  room: Uint8Array,
  expected: LoadEngineOptions["expected"],
): Promise<number> {
  let received = 0;
  for await (const piece of model) {
    if (received + piece.byteLength > expected.bytes) {
      throw new AppError(
        "invalid_artifact",
        `encoder file ${expected.file} is longer than the ${expected.bytes} bytes that its manifest says`,
      );
    }
    room.set(piece, received);
    received += piece.byteLength;
  }
  return received;
}

/** A step that is no number would make every embedding NaN, without another sign. */
function checkFloats(file: Uint8Array, { floats }: ModelLayout, name: string): void {
  for (const { offset, bytes } of floats) {
    const values = new Float32Array(file.buffer, file.byteOffset + offset, bytes / 4);
    if (!values.every((value) => Number.isFinite(value))) {
      throw new AppError(
        "invalid_artifact",
        `encoder file ${name} has a step, bias or norm at byte ${offset} that is not finite; write it again with \`aar quantize\``,
      );
    }
  }
}

function pages(bytes: number): number {
  return Math.ceil(bytes / PAGE_BYTES);
}
