import type { InferenceSession } from "onnxruntime-node";
import { Tensor } from "onnxruntime-node";
import { AppError } from "../../src/shared/errors.ts";
import { logSoftmaxAt } from "./log-softmax.ts";
import { cacheOutputs } from "./onnx-lm-layouts.ts";
import type { LmCacheFeed, LmFeed, LmInput, LmPast, LmRequest, OnnxLmLayout } from "./onnx-lm-layouts.ts";
import { PrefixCache } from "./prefix-cache.ts";
import { TARGET_LOG_PROBS } from "./wanted-positions.ts";

/** Tokens of a prompt with its answer: far above any passage, far below what exhausts the memory of a laptop. */
const MAX_TOKENS = 8192;

/** A prompt, of which the first tokens may be those of other prompts. */
interface SharingRequest extends Omit<LmRequest, "past" | "targets"> {
  /** Tokens of the beginning that is kept; 0 to keep nothing. */
  readonly sharedTokens: number;
}

interface Step {
  /** Next-token logits, (vocabulary,), after each wanted position. */
  readonly rows: readonly Float32Array[];
  /** Of all tokens so far; undefined for a graph that does not tell it. */
  readonly past: LmPast | undefined;
}

/** Runs a causal LM's graph. */
export interface OnnxLmRunner {
  /** Natural-log probabilities of one token after each wanted position; shared as in `logits`. */
  logProbs(request: SharingRequest, targets: readonly number[]): Promise<Float64Array>;
  /**
   * Logits after the wanted positions. A shared beginning is read in a pass of its own, kept or not, so that what is kept never
   * changes a number: an LM in int8 scales its activations by all that one pass reads.
   */
  logits(request: SharingRequest): Promise<readonly Float32Array[]>;
  /** Logits after the last token, and what to go on from: the next step then reads only what is new. */
  step(ids: readonly number[], past: LmPast | undefined): Promise<Step>;
}

export interface OnnxLmRunnerOptions {
  readonly session: InferenceSession;
  readonly inputs: readonly LmInput[];
  readonly layout: OnnxLmLayout;
  /** Of beginnings kept. */
  readonly maxKeptBytes: number;
}

export function createOnnxLmRunner({ session, inputs, layout, maxKeptBytes }: OnnxLmRunnerOptions): OnnxLmRunner {
  const outputs = cacheOutputs(
    inputs.map(({ name }) => name),
    session.outputNames,
  );
  const kept = new PrefixCache(maxKeptBytes);

  async function run(request: LmRequest, wanted: readonly string[]): Promise<InferenceSession.OnnxValueMapType> {
    const length = request.ids.length + (request.past?.length ?? 0);
    if (length > MAX_TOKENS) {
      throw new AppError("invalid_request", `a prompt has ${length} tokens, at most ${MAX_TOKENS} are scored`);
    }
    const feeds = Object.entries(layout.feeds(request, inputs)).map(([name, feed]) => [name, toTensor(feed)] as const);
    return await session.run(Object.fromEntries(feeds), wanted);
  }

  async function readBeginning(ids: readonly number[]): Promise<LmPast> {
    const known = kept.get(ids);
    if (known !== undefined) {
      return known;
    }
    const past = pastOf(await run({ ids, firstPosition: ids.length - 1 }, [...outputs.values()]), outputs, ids.length);
    kept.set(ids, past);
    return past;
  }

  async function afterBeginning({ ids, firstPosition, sharedTokens }: SharingRequest): Promise<LmRequest> {
    const shared = outputs.size === 0 ? 0 : Math.min(sharedTokens, firstPosition);
    const past = shared === 0 ? undefined : await readBeginning(ids.slice(0, shared));
    return { ids: ids.slice(shared), firstPosition: firstPosition - shared, past };
  }

  async function logits(request: SharingRequest): Promise<readonly Float32Array[]> {
    const { logits: output } = await run(await afterBeginning(request), ["logits"]);
    return lastRows(output, request.ids.length - request.firstPosition);
  }

  return {
    logits,
    async logProbs(request, targets) {
      if (!session.outputNames.includes(TARGET_LOG_PROBS)) {
        return Float64Array.from(await logits(request), (row, index) => logSoftmaxAt(row, targets[index] ?? 0));
      }
      const { [TARGET_LOG_PROBS]: output } = await run({ ...(await afterBeginning(request)), targets }, [
        TARGET_LOG_PROBS,
      ]);
      return Float64Array.from(output?.data instanceof Float32Array ? output.data : []);
    },
    async step(ids, past) {
      const found = await run({ ids, firstPosition: ids.length - 1, past }, ["logits", ...outputs.values()]);
      const length = ids.length + (past?.length ?? 0);
      return {
        rows: lastRows(found["logits"], 1),
        past: outputs.size === 0 ? undefined : pastOf(found, outputs, length),
      };
    },
  };
}

function pastOf(
  found: InferenceSession.OnnxValueMapType,
  outputs: ReadonlyMap<string, string>,
  length: number,
): LmPast {
  const caches = new Map(
    [...outputs].map(([input, output]) => [input, cacheOf(found[output], { name: output, length })] as const),
  );
  return { length, caches };
}

function cacheOf(
  tensor: Tensor | undefined,
  { name, length }: { readonly name: string; readonly length: number },
): LmCacheFeed {
  const { data, dims = [], type } = tensor ?? {};
  if (dims[2] === length && type === "float32" && data instanceof Float32Array) {
    return { type, data, dims };
  }
  if (dims[2] === length && type === "float16" && ArrayBuffer.isView(data)) {
    // Uint16Array or Float16Array, as the engine that runs us has it
    return { type, data: new Uint16Array(data.buffer, data.byteOffset, data.byteLength / 2), dims };
  }
  throw new AppError(
    "invalid_artifact",
    `the LM's cache "${name}" is ${type ?? "missing"} of shape (${dims.join(", ")}); expected floats of shape (1, heads, ${length}, head size)`,
  );
}

function toTensor(feed: LmFeed): Tensor {
  if (feed.type === "int64") {
    return new Tensor("int64", feed.data, feed.dims);
  }
  return feed.type === "bool" ? new Tensor("bool", feed.data, feed.dims) : new Tensor(feed.type, feed.data, feed.dims);
}

/** The last rows of (1, rows, vocabulary): exports that cannot narrow give a row for every token. */
function lastRows(output: Tensor | undefined, count: number): Float32Array[] {
  const [batch, rows, vocabulary] = output?.dims ?? [];
  if (
    !(output?.data instanceof Float32Array) ||
    batch !== 1 ||
    rows === undefined ||
    vocabulary === undefined ||
    rows < count
  ) {
    throw new AppError(
      "invalid_artifact",
      `the LM's logits are ${output?.type ?? "missing"} of shape (${output?.dims.join(", ") ?? ""}); expected float32 (1, ${count} or more, vocabulary)`,
    );
  }
  const { data } = output;
  return Array.from({ length: count }, (_, index) => {
    const row = rows - count + index;
    return data.subarray(row * vocabulary, (row + 1) * vocabulary);
  });
}
