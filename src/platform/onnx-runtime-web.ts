import { env, InferenceSession, Tensor } from "onnxruntime-web/wasm";
import type { OnnxSession } from "../encoder/encoder.ts";
import { externalizeWeights } from "../encoder/external-weights.ts";
import type { EncoderManifest } from "../encoder/manifest.ts";
import { createRuntimeSession } from "../encoder/runtime-session.ts";
import { AppError } from "../shared/errors.ts";

export interface CreateWebSessionOptions {
  /** The ONNX file. It is read while the session is made and not kept. */
  readonly model: Uint8Array;
  readonly inputs: EncoderManifest["model"]["inputs"];
  readonly output: string;
}

/**
 * A session of stock onnxruntime-web in workerd: one thread, weights copied once (see `externalizeWeights`).
 * @throws AppError `encoder_failed` when the runtime does not accept the model.
 */
export async function createWebSession({ model, inputs, output }: CreateWebSessionOptions): Promise<OnnxSession> {
  const { graph, location, weights } = externalizeWeights(model);
  let session: InferenceSession;
  try {
    session = await withCompiledModule(() =>
      InferenceSession.create(graph, {
        executionProviders: ["wasm"],
        externalData: [{ path: location, data: weights }],
        logSeverityLevel: 3,
      }),
    );
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError("encoder_failed", `onnxruntime-web cannot load the encoder: ${reason}`, { cause });
  }
  return createRuntimeSession({ session, Tensor }, { inputs, output });
}

/** Never read: it makes onnxruntime-web pass this buffer to `WebAssembly.instantiate` instead of looking for a URL. */
const PLACEHOLDER_BINARY = new ArrayBuffer(8);

let patches = 0;
let original: PropertyDescriptor | undefined;

/**
 * Runs `create` while `WebAssembly.instantiate` hands out instances of the module that was compiled at deploy. workerd
 * forbids compiling WebAssembly from bytes and onnxruntime-web has no option to give it a module
 * (https://github.com/microsoft/onnxruntime/issues/20876). The runtime starts with its first session; later calls find
 * it running and instantiate nothing.
 */
async function withCompiledModule<T>(create: () => Promise<T>): Promise<T> {
  env.wasm.numThreads = 1;
  env.wasm.proxy = false;
  env.wasm.wasmBinary = PLACEHOLDER_BINARY;
  if (patches === 0) {
    original = Object.getOwnPropertyDescriptor(WebAssembly, "instantiate");
    Object.defineProperty(WebAssembly, "instantiate", { ...original, value: instantiateCompiled });
  }
  patches += 1;
  try {
    return await create();
  } finally {
    patches -= 1;
    if (patches === 0 && original !== undefined) {
      Object.defineProperty(WebAssembly, "instantiate", original);
    }
  }
}

async function instantiateCompiled(
  _bytes: unknown,
  imports: WebAssembly.Imports,
): Promise<{ module: WebAssembly.Module; instance: WebAssembly.Instance }> {
  heap = findMemory(imports);
  const { default: wasmModule } = await import("onnxruntime-web/ort-wasm-simd-threaded.wasm");
  return { module: wasmModule, instance: new WebAssembly.Instance(wasmModule, imports) };
}

let heap: WebAssembly.Memory | undefined;

function findMemory(imports: WebAssembly.Imports): WebAssembly.Memory | undefined {
  return Object.values(imports)
    .flatMap((group) => Object.values(group))
    .find((value) => value instanceof WebAssembly.Memory);
}

/** Size in bytes of the runtime's WebAssembly heap; 0 before the first session. It never shrinks. */
export function webRuntimeHeapBytes(): number {
  return heap?.buffer.byteLength ?? 0;
}
