import { availableParallelism } from "node:os";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { intAttribute } from "../onnx/attributes.ts";
import { createModelProto, createNodeProto } from "../onnx/codec.ts";
import { DATA_TYPE } from "../onnx/data-type.ts";
import { encodeModel } from "../onnx/writer.ts";

/** Products of many queries with many rows at once. Release it after use. */
export interface DotProducts {
  /**
   * `queries` is row-major (queryCount, dims), `rows` (rowCount, dims); the products come row-major (queryCount, rowCount),
   * in float32: each is within `dims` x 2^-24 x |query| x |row| of the exact one.
   */
  multiply(queries: Float32Array, rows: Float32Array): Promise<Float32Array>;
  release(): Promise<void>;
}

export interface OpenDotProductsOptions {
  readonly dims: number;
  /** Default: as many as the machine has cores. */
  readonly threads?: number;
}

/** The matrix product of onnxruntime: it uses the vector units and the caches of this machine, which plain loops do not. */
export async function openDotProducts({
  dims,
  threads = availableParallelism(),
}: OpenDotProductsOptions): Promise<DotProducts> {
  const session = await InferenceSession.create(productModel(dims), {
    executionProviders: ["cpu"],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const tensor = (values: Float32Array): Tensor => new Tensor("float32", values, [values.length / dims, dims]);
  return {
    async multiply(queries, rows) {
      const { products } = await session.run({ queries: tensor(queries), rows: tensor(rows) });
      return products?.data as Float32Array; // the graph below declares a float output of that name
    },
    release: () => session.release(),
  };
}

function productModel(dims: number): Uint8Array {
  const matrix = (name: string, shape: readonly [string, string | number]): Record<string, unknown> => ({
    name,
    type: {
      tensorType: {
        elemType: DATA_TYPE.float,
        shape: { dim: shape.map((size) => (typeof size === "string" ? { dimParam: size } : { dimValue: size })) },
      },
    },
  });
  return encodeModel(
    createModelProto({
      irVersion: 8,
      opsetImport: [{ domain: "", version: 14 }],
      graph: {
        name: "dot-products",
        node: [
          createNodeProto({
            opType: "Gemm",
            input: ["queries", "rows"],
            output: ["products"],
            attribute: [intAttribute("transB", 1)],
          }),
        ],
        input: [matrix("queries", ["queries", dims]), matrix("rows", ["rows", dims])],
        output: [matrix("products", ["queries", "rows"])],
      },
    }),
  );
}
