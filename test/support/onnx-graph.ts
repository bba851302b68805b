import { InferenceSession, Tensor } from "onnxruntime-node";
import { createModelProto, createNodeProto } from "../../training/onnx/codec.ts";
import { DATA_TYPE } from "../../training/onnx/data-type.ts";
import type { AttributeProto, ModelProto, TensorProto } from "../../training/onnx/proto.ts";
import { encodeModel } from "../../training/onnx/writer.ts";

export interface GraphModelOptions {
  /** `[operator, inputs, outputs, attributes]` of each node. */
  readonly nodes: readonly (readonly [string, readonly string[], readonly string[], (readonly AttributeProto[])?])[];
  readonly initializers?: readonly TensorProto[];
  /** Element type by name of the input; default one float input `x`. Shapes are left open. */
  readonly inputs?: Readonly<Record<string, number>>;
  /** Names; default `y`, float. */
  readonly outputs?: readonly string[];
  /** Default 14. */
  readonly opset?: number;
}

/** A model built in code. */
export function graphModel({
  nodes,
  initializers = [],
  inputs = { x: DATA_TYPE.float },
  outputs = ["y"],
  opset = 14,
}: GraphModelOptions): ModelProto {
  return createModelProto({
    irVersion: 8,
    producerName: "test",
    opsetImport: [{ domain: "", version: opset }],
    graph: {
      name: "graph",
      node: nodes.map(([opType, input, output, attribute = []], index) =>
        createNodeProto({
          opType,
          name: `node_${index}`,
          input: [...input],
          output: [...output],
          attribute: [...attribute],
        }),
      ),
      initializer: [...initializers],
      input: Object.entries(inputs).map(([name, elemType]) => ({ name, type: { tensorType: { elemType } } })),
      output: outputs.map((name) => ({ name, type: { tensorType: { elemType: DATA_TYPE.float } } })),
    },
  });
}

/** Runs a model on float inputs with onnxruntime-node: the judge of what a graph means. */
export async function runModel(
  model: ModelProto | Uint8Array,
  feeds: Readonly<Record<string, { readonly data: Float32Array | BigInt64Array; readonly dims: readonly number[] }>>,
): Promise<Readonly<Record<string, Float32Array>>> {
  const bytes = model instanceof Uint8Array ? model : encodeModel(model);
  const session = await InferenceSession.create(bytes, { logSeverityLevel: 3, intraOpNumThreads: 1 });
  const results = await session.run(
    Object.fromEntries(
      Object.entries(feeds).map(([name, { data, dims }]) => [
        name,
        data instanceof Float32Array ? new Tensor("float32", data, dims) : new Tensor("int64", data, dims),
      ]),
    ),
  );
  await session.release();
  return Object.fromEntries(
    Object.entries(results).map(([name, { data }]) => {
      if (!(data instanceof Float32Array)) {
        throw new TypeError(`output ${name} is not float32`);
      }
      return [name, data];
    }),
  );
}

/** Deterministic numbers in -1..1 that look irregular. */
export function wave(length: number, phase = 0): Float32Array {
  return Float32Array.from({ length }, (_, index) => Math.sin(1.7 * index + phase) * Math.cos(0.31 * index * index));
}
