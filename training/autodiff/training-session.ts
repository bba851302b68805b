import { InferenceSession, Tensor } from "onnxruntime-node";
import { AppError } from "../../src/shared/errors.ts";
import type { DataTypeName, TensorData } from "../onnx/data-type.ts";
import { encodeModel } from "../onnx/writer.ts";
import type { Gradient } from "../optim/gradient.ts";
import { sumRows } from "./sum-rows.ts";
import type { RowPart } from "./sum-rows.ts";
import type { TrainingProgram } from "./training-program.ts";

/** A tensor that is fed. */
export interface Feed {
  readonly dataType: DataTypeName;
  readonly dims: readonly number[];
  readonly data: TensorData;
}

/** A tensor that came out. */
interface ProgramOutput {
  readonly dims: readonly number[];
  readonly data: Float32Array;
}

export interface TrainingSessionOptions {
  /** Threads of one run. Default 1. */
  readonly threads?: number;
}

export interface RunOptions {
  /** Inputs by name; those that the graph does not have are left out. */
  readonly feeds: ReadonlyMap<string, Feed>;
  /** Current values of the program's parameters, by name. Read during the run, not kept. */
  readonly weights: ReadonlyMap<string, Float32Array>;
}

export interface StepResult {
  /** By the names of `ProgramFormula.outputs`. */
  readonly outputs: ReadonlyMap<string, ProgramOutput>;
  /**
   * By parameter, and by the names of `wrt`; rows that several tokens read are summed. New arrays at each run.
   */
  readonly gradients: ReadonlyMap<string, Gradient>;
}

/**
 * A training program loaded into onnxruntime. One session serves batches of any shape. Runs must not overlap.
 *
 * @example
 *   const program = buildTrainingProgram({
 *     encoder,
 *     write: (build, encode) => {
 *       const loss = contrastive().build(build, { queries: encode("queries"), passages: encode("passages") });
 *       return { outputs: { loss }, seeds: new Map([[loss, build.scalar(1)]]) };
 *     },
 *   });
 *   const session = await TrainingSession.create(program, { threads: 2 });
 *   const { outputs, gradients } = await session.run({ feeds, weights });
 */
export class TrainingSession {
  readonly #session: InferenceSession;
  readonly #program: TrainingProgram;
  readonly #parameters: ReadonlyMap<string, readonly number[]>;

  private constructor(session: InferenceSession, program: TrainingProgram) {
    this.#session = session;
    this.#program = program;
    this.#parameters = new Map(program.parameters.map(({ name, dims }) => [name, dims]));
  }

  /** Throws AppError `invalid_artifact` when onnxruntime refuses the graph. */
  static async create(
    program: TrainingProgram,
    { threads = 1 }: TrainingSessionOptions = {},
  ): Promise<TrainingSession> {
    try {
      const session = await InferenceSession.create(encodeModel(program.model), sessionOptions(threads));
      return new TrainingSession(session, program);
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new AppError("invalid_artifact", `onnxruntime refuses the training graph: ${reason}`, { cause });
    }
  }

  /** Throws AppError `invalid_artifact` when a feed is missing, and `encoder_failed` when the run fails. */
  async run({ feeds, weights }: RunOptions): Promise<StepResult> {
    const inputs = Object.fromEntries(
      this.#session.inputNames.map((name) => [name, this.#input(name, { feeds, weights })] as const),
    );
    // Without buffers for the results: onnxruntime-node 1.30 fills those and then copies them into new arrays all the same.
    const results = await this.#session.run(inputs).catch((cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new AppError("encoder_failed", `a training step failed: ${reason}`, { cause });
    });
    const values = new Map<string, Tensor>(Object.entries({ ...inputs, ...results }));
    const outputs = [...this.#program.outputs].map(([name, value]) => {
      const tensor = requireTensor(values, value);
      return [name, { dims: tensor.dims, data: floats(tensor, value) }] as const;
    });
    return { outputs: new Map(outputs), gradients: this.#readGradients(values) };
  }

  async release(): Promise<void> {
    await this.#session.release();
  }

  #input(name: string, { feeds, weights }: RunOptions): Tensor {
    const dims = this.#parameters.get(name);
    const weight = weights.get(name);
    if (dims !== undefined && weight !== undefined) {
      return new Tensor(weight, dims);
    }
    const feed = feeds.get(name);
    if (feed === undefined) {
      const what = dims === undefined ? "feed" : "weight";
      throw new AppError("invalid_artifact", `the training graph wants the ${what} "${name}", which was not given`);
    }
    return toTensor(name, feed);
  }

  #readGradients(values: ReadonlyMap<string, Tensor>): Map<string, Gradient> {
    const gradients = new Map<string, Gradient>();
    for (const [name, output] of this.#program.gradients) {
      gradients.set(name, floats(requireTensor(values, output), output));
    }
    for (const [name, places] of this.#program.rowGradients) {
      const parts = places.map((place): RowPart => {
        const { data: rows } = requireTensor(values, place.rows);
        if (!(rows instanceof BigInt64Array)) {
          throw new AppError(
            "invalid_artifact",
            `rows of table "${name}" are chosen by "${place.rows}", expected int64`,
          );
        }
        return { rows, values: floats(requireTensor(values, place.values), place.values) };
      });
      const [rowCount = 0, rowSize = 0] = this.#parameters.get(name) ?? [];
      gradients.set(name, sumRows(parts, { rowCount, rowSize }));
    }
    return gradients;
  }
}

/** How onnxruntime runs a training graph. */
export function sessionOptions(threads: number): InferenceSession.SessionOptions {
  return {
    executionProviders: ["cpu"],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    // A pattern is a second copy of the memory of a whole step, for each shape of batch, and saves no time.
    enableMemPattern: false,
    logSeverityLevel: 3,
  };
}

function toTensor(name: string, { dataType, dims, data }: Feed): Tensor {
  if (dataType === "float" && data instanceof Float32Array) {
    return new Tensor("float32", data, dims);
  }
  if (dataType === "int64" && data instanceof BigInt64Array) {
    return new Tensor("int64", data, dims);
  }
  if (dataType === "bool" && data instanceof Uint8Array) {
    return new Tensor("bool", data, dims);
  }
  throw new TypeError(`feed "${name}" is ${data.constructor.name} for ${dataType}; float, int64 and bool can be fed`);
}

function requireTensor(values: ReadonlyMap<string, Tensor>, name: string): Tensor {
  const tensor = values.get(name);
  if (tensor === undefined) {
    throw new TypeError(`the training graph has no value "${name}"`);
  }
  return tensor;
}

function floats(tensor: Tensor, name: string): Float32Array {
  if (!(tensor.data instanceof Float32Array)) {
    throw new TypeError(`value "${name}" is ${tensor.type}, expected float32`);
  }
  return tensor.data;
}
