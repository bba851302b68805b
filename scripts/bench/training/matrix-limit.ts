import { InferenceSession, Tensor } from "onnxruntime-node";
import { buildTrainingProgram } from "../../../training/autodiff/training-program.ts";
import { encodeModel } from "../../../training/onnx/writer.ts";

const [ROWS, INNER, OUTER] = [4096, 384, 1536];

/** GFLOP/s of onnxruntime for the three products of a dense layer's training step: the best any engine on it can do. */
export async function matrixLimit(threads: number): Promise<number> {
  const { model, outputs } = buildTrainingProgram({
    write: (build) => {
      build.input("x", [ROWS, INNER]);
      build.input("w", [INNER, OUTER]);
      build.input("g", [ROWS, OUTER]);
      // Sums, so that no large result has to be copied out of the runtime.
      const products = {
        forward: build.matMul("x", "w"),
        input: build.matMul("g", "w", { transposeB: true }),
        weight: build.matMul("x", "g", { transposeA: true }),
      };
      return {
        outputs: Object.fromEntries(
          Object.entries(products).map(([name, product]) => [name, build.reduceSum(product, [0, 1])]),
        ),
      };
    },
  });
  const session = await InferenceSession.create(encodeModel(model), {
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const random = (...dims: [number, number]): Tensor =>
    new Tensor(
      "float32",
      Float32Array.from({ length: dims[0] * dims[1] }, (_, i) => Math.sin(i)),
      dims,
    );
  const feeds = { x: random(ROWS, INNER), w: random(INNER, OUTER), g: random(ROWS, OUTER) };
  let best = 0;
  for (let round = 0; round < 4; round += 1) {
    const start = performance.now();
    await session.run(feeds);
    const flop = 2 * ROWS * INNER * OUTER * outputs.size;
    best = Math.max(best, flop / (performance.now() - start) / 1e6);
  }
  await session.release();
  return best;
}
