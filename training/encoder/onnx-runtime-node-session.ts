import { InferenceSession, Tensor } from "onnxruntime-node";
import type { OnnxInputs, OnnxSession } from "../../src/encoder/encoder.ts";
import type { EncoderManifest } from "../../src/encoder/manifest.ts";
import { AppError } from "../../src/shared/errors.ts";

export interface CreateNodeSessionOptions {
  readonly modelPath: string;
  /** Threads of one forward pass. Default 1: one process a core is faster than one process over all cores. */
  readonly threads?: number;
}

/** A loaded graph, before it is known which of its inputs and outputs are fed and read. */
export interface NodeGraph {
  readonly inputNames: readonly string[];
  readonly outputs: readonly NodeGraphOutput[];
  /** The session over some inputs and one output of the graph. */
  session(names: Pick<EncoderManifest["model"], "inputs" | "output">): OnnxSession;
}

export interface NodeGraphOutput {
  readonly name: string;
  /** Numbers are fixed dimensions, strings symbolic ones. */
  readonly shape: readonly (number | string)[];
}

/**
 * Loads an ONNX file with onnxruntime-node on the CPU.
 * @throws AppError `invalid_artifact` when the file is not a graph that the runtime accepts.
 */
export async function loadNodeGraph({ modelPath, threads = 1 }: CreateNodeSessionOptions): Promise<NodeGraph> {
  const session = await createSession(modelPath, threads);
  const outputs = session.outputMetadata.map((output) => ({
    name: output.name,
    shape: output.isTensor ? output.shape : [],
  }));
  return {
    inputNames: session.inputNames,
    outputs,
    session: ({ inputs, output }) => {
      requireNames("input", inputs, session.inputNames);
      requireNames("output", [output], session.outputNames);
      requireFed(session.inputNames, inputs);
      return { run: (feeds) => runSession(session, { inputs, output, feeds }) };
    },
  };
}

async function createSession(modelPath: string, threads: number): Promise<InferenceSession> {
  try {
    return await InferenceSession.create(modelPath, {
      executionProviders: ["cpu"],
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      logSeverityLevel: 3,
    });
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError("invalid_artifact", `onnxruntime cannot load ${modelPath}: ${reason}`, { cause });
  }
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

interface RunSessionOptions {
  readonly inputs: EncoderManifest["model"]["inputs"];
  readonly output: string;
  readonly feeds: OnnxInputs;
}

async function runSession(
  session: InferenceSession,
  { inputs, output, feeds }: RunSessionOptions,
): Promise<Float32Array> {
  const dims = [feeds.batch, feeds.sequence];
  const values = {
    input_ids: feeds.inputIds,
    attention_mask: feeds.attentionMask,
    token_type_ids: feeds.tokenTypeIds,
  };
  const tensors = Object.fromEntries(inputs.map((name) => [name, new Tensor("int64", values[name], dims)]));
  const results = await session.run(tensors, [output]);
  const states = results[output]?.data;
  if (!(states instanceof Float32Array)) {
    throw new AppError("invalid_artifact", `the graph's output "${output}" is not a float32 tensor`);
  }
  return states;
}
