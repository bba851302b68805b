import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { InferenceSession, Tensor } from "onnxruntime-node";
import { z } from "zod";
import { encodeModel } from "../../../training/onnx/writer.ts";
import type { ContrastiveStep, Texts } from "../../torch-peer/contrastive-step.ts";

const eventsSchema = z.array(
  z.looseObject({
    name: z.string(),
    dur: z.number(),
    ts: z.number(),
    args: z.looseObject({ op_name: z.string().optional() }).optional(),
  }),
);

/** Milliseconds and number of nodes by operator, in the second of two runs, from onnxruntime's profiler. */
export async function profileStep(
  { program, parameters, feeds }: ContrastiveStep,
  { queries, passages, threads }: { readonly queries: Texts; readonly passages: Texts; readonly threads: number },
): Promise<readonly { readonly operator: string; readonly nodes: number; readonly milliseconds: number }[]> {
  const folder = await mkdtemp(path.join(tmpdir(), "aar-profile-"));
  try {
    const session = await InferenceSession.create(encodeModel(program.model), {
      intraOpNumThreads: threads,
      interOpNumThreads: 1,
      logSeverityLevel: 3,
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
    await session.run(inputs);
    await session.run(inputs);
    session.endProfiling();
    await session.release();
    const [file = ""] = await readdir(folder);
    const events = eventsSchema.parse(JSON.parse(await readFile(path.join(folder, file), "utf8")));
    const since = Math.max(...events.filter(({ name }) => name === "model_run").map(({ ts }) => ts));
    const kernels = events.filter(({ name, ts }) => ts >= since && name.endsWith("_kernel_time"));
    return [...Map.groupBy(kernels, ({ args }) => args?.op_name ?? "")]
      .map(([operator, runs]) => ({
        operator,
        nodes: runs.length,
        milliseconds: runs.reduce((sum, { dur }) => sum + dur, 0) / 1000,
      }))
      .sort((a, b) => b.milliseconds - a.milliseconds);
  } finally {
    await rm(folder, { recursive: true });
  }
}
