import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { z } from "zod";
import { sessionOptions } from "../../../training/autodiff/training-session.ts";
import { encodeModel } from "../../../training/onnx/writer.ts";
import type { ContrastiveStep, Texts } from "../../torch-peer/contrastive-step.ts";

/** By data type, the dimensions of a tensor. */
const shapesSchema = z.array(z.record(z.string(), z.array(z.number())));

const eventsSchema = z.array(
  z.looseObject({
    name: z.string(),
    dur: z.number(),
    ts: z.number(),
    args: z
      .looseObject({
        op_name: z.string().optional(),
        node_index: z.string().optional(),
        input_type_shape: shapesSchema.optional(),
        output_type_shape: shapesSchema.optional(),
      })
      .optional(),
  }),
);
type Event = z.output<typeof eventsSchema>[number];

/** Where the time of a step goes. */
export interface StepProfile {
  /** The slowest operator first. */
  readonly operators: readonly {
    readonly operator: string;
    readonly nodes: number;
    readonly milliseconds: number;
    /** Of matrix products; 0 for other operators. */
    readonly gigaflop: number;
  }[];
  /** Of all matrix products of the step. */
  readonly gigaflop: number;
}

/** The first run allocates memory. */
const RUNS = 4;

/** Each node at its fastest of some runs, from onnxruntime's profiler. */
export async function profileStep(
  { program, parameters, feeds }: ContrastiveStep,
  { queries, passages, threads }: { readonly queries: Texts; readonly passages: Texts; readonly threads: number },
): Promise<StepProfile> {
  const folder = await mkdtemp(path.join(tmpdir(), "aar-profile-"));
  try {
    const session = await InferenceSession.create(encodeModel(program.model), {
      ...sessionOptions(threads),
      enableProfiling: true,
      profileFilePrefix: path.join(folder, "run"),
    });
    const fed = [...feeds(queries, passages)].map(([name, { dataType, dims, data }]) => {
      const type = dataType === "float" ? "float32" : dataType;
      return [name, new Tensor(type as "float32", data as Float32Array, dims)] as const; // the pair is a feed's own
    });
    const weights = parameters.map(({ name, dims, data }) => [name, new Tensor("float32", data, dims)] as const);
    const all = new Map([...fed, ...weights]);
    const inputs = Object.fromEntries(
      session.inputNames.flatMap((name) => {
        const tensor = all.get(name);
        return tensor === undefined ? [] : [[name, tensor] as const];
      }),
    );
    for (let run = 0; run < RUNS; run += 1) {
      await session.run(inputs);
    }
    session.endProfiling();
    await session.release();
    const [file = ""] = await readdir(folder);
    return summarise(eventsSchema.parse(JSON.parse(await readFile(path.join(folder, file), "utf8"))));
  } finally {
    await rm(folder, { recursive: true });
  }
}

function summarise(events: readonly Event[]): StepProfile {
  const kernels = events.filter(({ name }) => name.endsWith("_kernel_time"));
  const fastest = [...Map.groupBy(kernels, ({ name, args }) => `${args?.node_index}/${name}`).values()].flatMap(
    (runs) => runs.toSorted((a, b) => a.dur - b.dur)[0] ?? [],
  );
  const operators = [...Map.groupBy(fastest, ({ args }) => args?.op_name ?? "")]
    .map(([operator, nodes]) => ({
      operator,
      nodes: nodes.length,
      milliseconds: nodes.reduce((sum, { dur }) => sum + dur, 0) / 1000,
      gigaflop: operator.endsWith("MatMul") ? nodes.reduce((sum, node) => sum + gigaflopOf(node), 0) : 0,
    }))
    .sort((a, b) => b.milliseconds - a.milliseconds);
  return { operators, gigaflop: operators.reduce((sum, { gigaflop }) => sum + gigaflop, 0) };
}

/** Of the product of A, (…, m, k), and B, (k, n) or with batch axes: 2·b·m·k·n, from the sizes of A, B and the result. */
function gigaflopOf({ args }: Event): number {
  const [a = [], b = []] = (args?.input_type_shape ?? []).map(dimsOf);
  const [c = []] = (args?.output_type_shape ?? []).map(dimsOf);
  const batches = b.length > 2 ? sizeOf(c.slice(0, -2)) : 1;
  return (2 * Math.sqrt((sizeOf(a) * sizeOf(b) * sizeOf(c)) / batches)) / 1e9;
}

function dimsOf(shape: Readonly<Record<string, readonly number[]>>): readonly number[] {
  return Object.values(shape)[0] ?? [];
}

function sizeOf(dims: readonly number[]): number {
  return dims.reduce((product, size) => product * size, 1);
}
