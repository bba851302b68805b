import type { OnnxSession } from "../../src/encoder/encoder.ts";
import type { EncoderManifest } from "../../src/encoder/manifest.ts";
import type { Runtime } from "../../src/encoder/runtime-session.ts";
import { createRuntimeSession } from "../../src/encoder/runtime-session.ts";
import { AppError } from "../../src/shared/errors.ts";

/** A loaded graph, before it is known which of its inputs and outputs are fed and read. */
export interface OnnxGraph {
  readonly inputNames: readonly string[];
  readonly outputs: readonly GraphOutput[];
  /** The session over all inputs and one output. Throws `invalid_artifact` when the graph has others. */
  session(names: Pick<EncoderManifest["model"], "inputs" | "output">): OnnxSession;
}

interface GraphOutput {
  readonly name: string;
  /** Numbers are fixed dimensions, strings symbolic ones. */
  readonly shape: readonly (number | string)[];
}

/** What both onnxruntime packages tell about a session. */
export interface LoadedSession {
  readonly inputNames: readonly string[];
  readonly outputMetadata: readonly (
    | { readonly name: string; readonly isTensor: true; readonly shape: readonly (number | string)[] }
    | { readonly name: string; readonly isTensor: false }
  )[];
}

export function describeGraph<Tensor>(runtime: Runtime<Tensor> & { readonly session: LoadedSession }): OnnxGraph {
  const { inputNames, outputMetadata } = runtime.session;
  const outputs = outputMetadata.map((output) => ({ name: output.name, shape: output.isTensor ? output.shape : [] }));
  return {
    inputNames,
    outputs,
    session: (names) => {
      requireNames("input", names.inputs, inputNames);
      requireNames(
        "output",
        [names.output],
        outputs.map(({ name }) => name),
      );
      requireFed(inputNames, names.inputs);
      return createRuntimeSession(runtime, names);
    },
  };
}

/** The error for a file that a runtime refuses. */
export function refusedModel(modelPath: string, cause: unknown): AppError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new AppError("invalid_artifact", `onnxruntime cannot load ${modelPath}: ${reason}`, { cause });
}

function requireNames(kind: "input" | "output", wanted: readonly string[], present: readonly string[]): void {
  for (const name of wanted) {
    if (!present.includes(name)) {
      throw new AppError("invalid_artifact", `the graph has no ${kind} "${name}"; it has ${present.join(", ")}`);
    }
  }
}

function requireFed(wanted: readonly string[], fed: readonly string[]): void {
  const missing = wanted.filter((name) => !fed.includes(name));
  if (missing.length > 0) {
    throw new AppError(
      "invalid_artifact",
      `the graph also wants ${missing.join(", ")}; feeding only ${fed.join(", ")}`,
    );
  }
}
