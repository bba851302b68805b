/**
 * The gradient of a contrastive loss by every weight of a BERT encoder in ONNX (MiniLM-L6, bge-small), ours beside PyTorch's:
 *
 *   node scripts/check/minilm-gradient.ts --model DIR [--python python3] [--threads 2]
 *
 * DIR has the fp32 `model.onnx`. Prints the largest difference of each kind of weight, relative to the largest entry of its
 * gradient, and exits with 1 when one is above 1e-4. Without torch nothing is checked, and the script says so.
 */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { TrainingSession } from "../../training/autodiff/training-session.ts";
import type { Gradient } from "../../training/optim/gradient.ts";
import { parseScriptFlags } from "../script-flags.ts";
import { contrastiveStep } from "../torch-peer/contrastive-step.ts";
import { TorchPeer } from "../torch-peer/torch-peer.ts";

const LARGEST_ERROR = 1e-4;
/** Gradients below this are rounding noise: the bias of keys, whose true gradient is 0. */
const NOISE = 1e-6;

const { values } = parseScriptFlags({
  options: {
    model: { type: "string" },
    python: { type: "string", default: "python3" },
    threads: { type: "string", default: "2" },
  },
});
if (values.model === undefined) {
  console.error("give --model, a folder with the fp32 model.onnx");
  process.exit(2);
}
const threads = Number(values.threads);
const peer = await TorchPeer.start({ python: values.python, model: path.join(values.model, "model.onnx"), threads });
if (peer !== undefined) {
  process.exitCode = await compare(peer, values.model);
  peer.stop();
}

async function compare(torch: TorchPeer, folder: string): Promise<number> {
  const { program, parameters, feeds } = await contrastiveStep(folder, false);
  const queries = texts(6, 5, 14);
  const passages = texts(6, 20, 60);
  const gradients = await mkdtemp(path.join(tmpdir(), "aar-gradient-"));
  try {
    const reply = await torch.ask({ do: "gradient", queries, passages, together: false, folder: gradients });
    const session = await TrainingSession.create(program, { threads });
    const weights = new Map(parameters.map(({ name, data }) => [name, data]));
    const ours = await session.run({ feeds: feeds(queries, passages), weights });
    console.log(`loss  ours ${ours.outputs.get("loss")?.data[0]}  torch ${reply.loss}`);
    let worst = 0;
    for (const { name, dims, path: place } of parameters) {
      const file = path.join(gradients, `${name.replaceAll(/[/:]/gu, "_")}.f32`);
      const bytes = await readFile(file);
      const expected = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
      const { error, largest } = relativeError(dense(ours.gradients.get(name), dims), expected);
      console.log(`${error.toExponential(1)}  of ${largest.toExponential(1)}  ${name}  ${place}`);
      worst = Math.max(worst, largest < NOISE ? 0 : error);
    }
    console.log(`largest relative error over ${parameters.length} weights: ${worst.toExponential(2)}`);
    return worst < LARGEST_ERROR ? 0 : 1;
  } finally {
    await rm(gradients, { recursive: true });
  }
}

/** Irregular token ids between 1000 and 29,000, which every BERT vocabulary has. */
function texts(count: number, shortest: number, longest: number): number[][] {
  return Array.from({ length: count }, (_, text) => {
    const length = shortest + Math.round(((longest - shortest) * text) / Math.max(1, count - 1));
    return Array.from({ length }, (_, token) => 1000 + ((text * 7919 + token * 104_729 + length) % 28_000));
  });
}

function dense(gradient: Gradient | undefined, [rows = 0, size = 1]: readonly number[]): Float32Array {
  if (gradient === undefined || gradient instanceof Float32Array) {
    return gradient ?? new Float32Array();
  }
  const all = new Float32Array(rows * size);
  for (const [index, row] of gradient.rows.entries()) {
    all.set(gradient.values.subarray(index * size, (index + 1) * size), row * size);
  }
  return all;
}

function relativeError(got: Float32Array, expected: Float32Array): { error: number; largest: number } {
  let [difference, largest] = [got.length === expected.length ? 0 : Infinity, 0];
  for (const [index, value] of expected.entries()) {
    difference = Math.max(difference, Math.abs(value - (got[index] ?? NaN)));
    largest = Math.max(largest, Math.abs(value));
  }
  return { error: difference / largest, largest };
}
