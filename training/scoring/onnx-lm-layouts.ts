import { AppError } from "../../src/shared/errors.ts";

/** What is fed to a session, without its tensor class. */
export type LmFeed =
  | { readonly type: "int64"; readonly data: BigInt64Array; readonly dims: readonly number[] }
  | LmCacheFeed
  | { readonly type: "bool"; readonly data: Uint8Array; readonly dims: readonly number[] };

/** Keys or values of one layer, (batch, heads, length, head size). */
export interface LmCacheFeed {
  readonly type: "float32" | "float16";
  readonly data: Float32Array | Uint16Array;
  readonly dims: readonly number[];
}

/** What an LM keeps of tokens it has read, by the names of the inputs that take it back (`past_key_values.<layer>.key`). */
export interface LmPast {
  /** Tokens. */
  readonly length: number;
  readonly caches: ReadonlyMap<string, LmCacheFeed>;
}

/** An input of a graph, as onnxruntime describes it; strings are dimensions left open. */
export interface LmInput {
  readonly name: string;
  readonly type: string;
  readonly shape: readonly (number | string)[];
}

/** A sequence and the positions whose next-token logits are wanted: rising and without gaps, up to the last token. */
export interface LmRequest {
  readonly ids: readonly number[];
  /** Counted from the first of `ids`. */
  readonly firstPosition: number;
  /** A token for each wanted position, of graphs that tell its log-probability, see `keepWantedPositions`. Default: any. */
  readonly targets?: readonly number[] | undefined;
  /** What was read before `ids`; only for graphs that take and give it, see `cacheOutputs`. */
  readonly past?: LmPast | undefined;
}

const CACHE_INPUT = /^past_key_values\.\d+\.(?:key|value)$/u;

/** How a kind of export wants to be fed. Each has the output `logits`, (1, rows, vocabulary). */
export interface OnnxLmLayout {
  readonly name: string;
  matches(inputNames: ReadonlySet<string>): boolean;
  feeds(request: LmRequest, inputs: readonly LmInput[]): Record<string, LmFeed>;
}

/** `input_ids` and `positions`: only the wanted positions go through the output layer, the dearest of a small LM. */
const scorer: OnnxLmLayout = {
  name: "scorer",
  matches: (names) => names.has("input_ids") && names.has("positions") && !names.has("attention_mask"),
  feeds: ({ ids, firstPosition }) => ({
    input_ids: int64(ids, [1, ids.length]),
    positions: wantedPositions(ids.length, firstPosition),
  }),
};

/**
 * Exports of optimum and of transformers.js: `input_ids` and `attention_mask`, and where the export has them `position_ids`,
 * an empty key/value cache (`past_key_values.<layer>.key`), `use_cache_branch` of merged decoders, `num_logits_to_keep`, and
 * the `positions` and `targets` that `keepWantedPositions` adds.
 */
const causal: OnnxLmLayout = {
  name: "causal",
  matches: (names) => names.has("input_ids") && names.has("attention_mask"),
  feeds({ ids, firstPosition, targets, past }, inputs) {
    const { length } = ids;
    const before = past?.length ?? 0;
    return Object.fromEntries(
      inputs.map((input) => {
        switch (input.name) {
          case "input_ids": {
            return [input.name, int64(ids, [1, length])];
          }
          case "attention_mask": {
            return [
              input.name,
              int64(
                Array.from({ length: before + length }, () => 1),
                [1, before + length],
              ),
            ];
          }
          case "position_ids": {
            return [
              input.name,
              int64(
                ids.map((_, position) => before + position),
                [1, length],
              ),
            ];
          }
          case "positions": {
            return [input.name, wantedPositions(length, firstPosition)];
          }
          case "targets": {
            const wanted = targets ?? Array.from({ length: length - firstPosition }, () => 0);
            return [input.name, int64(wanted, [1, wanted.length, 1])];
          }
          case "use_cache_branch": {
            return [input.name, { type: "bool", data: Uint8Array.of(before === 0 ? 0 : 1), dims: [1] }];
          }
          case "num_logits_to_keep": {
            return [input.name, int64([length - firstPosition], [])];
          }
          default: {
            return [input.name, past?.caches.get(input.name) ?? emptyCache(input)];
          }
        }
      }),
    );
  },
};

/**
 * Outputs that hold what the LM keeps of the tokens it read, by the names of the inputs that take it back; empty for a graph that gives
 * none, or not for all of its layers: such an LM reads every prompt whole.
 */
export function cacheOutputs(
  inputNames: readonly string[],
  outputNames: readonly string[],
): ReadonlyMap<string, string> {
  const caches = inputNames.filter((name) => CACHE_INPUT.test(name));
  const outputs = new Map(caches.map((name) => [name, name.replace("past_key_values.", "present.")]));
  return [...outputs.values()].every((name) => outputNames.includes(name)) ? outputs : new Map();
}

/** In the order in which they are tried. */
const LAYOUTS: readonly OnnxLmLayout[] = [scorer, causal];

/** The layout of a graph by its inputs. Throws AppError `invalid_artifact` when it is none that we know. */
export function findLayout(inputNames: readonly string[], file: string): OnnxLmLayout {
  const names = new Set(inputNames);
  const layout = LAYOUTS.find((candidate) => candidate.matches(names));
  if (layout === undefined) {
    throw new AppError(
      "invalid_artifact",
      `${file} is no causal LM that can be scored: its inputs are ${inputNames.join(", ")}; expected input_ids with positions, or with attention_mask`,
    );
  }
  return layout;
}

/** A key or value cache of length 0: (batch, heads, 0, head size), the open dimensions being batch and length. */
function emptyCache({ name, type, shape }: LmInput): LmFeed {
  if (!CACHE_INPUT.test(name) || (type !== "float32" && type !== "float16")) {
    throw new AppError("invalid_artifact", `the LM's graph wants an input "${name}" (${type}) that is not known here`);
  }
  const [, heads, , headSize] = shape;
  if (shape.length !== 4 || typeof heads !== "number" || typeof headSize !== "number") {
    throw new AppError(
      "invalid_artifact",
      `the LM's cache "${name}" has the shape (${shape.join(", ")}); expected (batch, heads, length, head size)`,
    );
  }
  return { type, data: type === "float32" ? new Float32Array() : new Uint16Array(), dims: [1, heads, 0, headSize] };
}

function wantedPositions(length: number, first: number): LmFeed {
  const positions = Array.from({ length: length - first }, (_, index) => first + index);
  return int64(positions, [positions.length]);
}

function int64(values: readonly number[], dims: readonly number[]): LmFeed {
  return { type: "int64", data: BigInt64Array.from(values, BigInt), dims };
}
