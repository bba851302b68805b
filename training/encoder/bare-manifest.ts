import type { EncoderManifest } from "../../src/encoder/manifest.ts";
import { AppError } from "../../src/shared/errors.ts";
import type { OnnxGraph } from "./onnx-graph.ts";

/** What the files of an encoder cannot tell; every field has a default or is read from the graph. */
export interface BareEncoderSettings {
  readonly name?: string | undefined;
  readonly pooling?: EncoderManifest["pooling"] | undefined;
  readonly normalize?: boolean | undefined;
  readonly similarity?: EncoderManifest["similarity"] | undefined;
  readonly queryPrefix?: string | undefined;
  readonly passagePrefix?: string | undefined;
  readonly maxQueryLength?: number | undefined;
  readonly maxPassageLength?: number | undefined;
  /** Name of the last hidden state among the graph's outputs. */
  readonly output?: string | undefined;
}

export interface BareManifestOptions {
  /** Name when the settings give none. */
  readonly name: string;
  readonly model: { readonly file: string; readonly bytes: number; readonly sha256: string };
  readonly tokenizer: EncoderManifest["tokenizer"];
  readonly graph: Pick<OnnxGraph, "inputNames" | "outputs">;
  readonly settings: BareEncoderSettings;
}

/** Longest text of a bare folder, in tokens: what MiniLM's authors use. */
const DEFAULT_MAX_LENGTH = 256;

const FEEDABLE_INPUTS = ["input_ids", "attention_mask", "token_type_ids"] as const;

/**
 * The manifest of an encoder folder that has none. Inputs and dims come from the graph; its output is the one that is
 * named, or the only one of shape (batch, sequence, dims).
 * @throws AppError `invalid_artifact` when the graph needs inputs that we cannot feed, or its output is ambiguous.
 */
export function bareManifest({ name, model, tokenizer, graph, settings }: BareManifestOptions): EncoderManifest {
  const unknownInputs = graph.inputNames.filter((input) => !FEEDABLE_INPUTS.some((known) => known === input));
  if (unknownInputs.length > 0) {
    throw new AppError(
      "invalid_artifact",
      `${model.file} wants inputs ${unknownInputs.join(", ")}; an encoder's inputs are ${FEEDABLE_INPUTS.join(", ")}`,
    );
  }
  const output = lastHiddenState(graph, settings.output);
  return {
    schemaVersion: 1,
    name: settings.name ?? name,
    model: {
      ...model,
      inputs: FEEDABLE_INPUTS.filter((input) => graph.inputNames.includes(input)),
      output: output.name,
    },
    tokenizer,
    dims: output.dims,
    pooling: settings.pooling ?? "mean",
    normalize: settings.normalize ?? true,
    similarity: settings.similarity ?? "cosine",
    queryPrefix: settings.queryPrefix ?? "",
    passagePrefix: settings.passagePrefix ?? "",
    maxQueryLength: settings.maxQueryLength ?? DEFAULT_MAX_LENGTH,
    maxPassageLength: settings.maxPassageLength ?? DEFAULT_MAX_LENGTH,
    dtype: "fp32",
    licence: "unknown",
    provenance: {},
  };
}

function lastHiddenState(
  { outputs }: Pick<OnnxGraph, "outputs">,
  wanted: string | undefined,
): { name: string; dims: number } {
  const candidates = outputs.filter(({ name, shape }) => (wanted === undefined ? shape.length === 3 : name === wanted));
  const [output] = candidates;
  if (output === undefined || candidates.length > 1) {
    const listed = outputs.map(({ name, shape }) => `${name} (${shape.join(", ")})`).join("; ");
    throw new AppError(
      "invalid_artifact",
      `cannot tell which output is the last hidden state, (batch, sequence, dims); name it (--graph-output). The graph has ${listed}`,
    );
  }
  const dims = output.shape.at(-1);
  if (typeof dims !== "number" || dims <= 0) {
    throw new AppError(
      "invalid_artifact",
      `output ${output.name} does not fix its last dimension, got ${String(dims)}`,
    );
  }
  return { name: output.name, dims };
}
