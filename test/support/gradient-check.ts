import { buildTrainingProgram } from "../../training/autodiff/training-program.ts";
import { TrainingSession } from "../../training/autodiff/training-session.ts";
import type { Feed } from "../../training/autodiff/training-session.ts";
import type { GraphBuilder } from "../../training/onnx/graph-builder.ts";
import { elementCount } from "../../training/onnx/tensor.ts";

/** A function of tensors under test. */
export interface GradientCase {
  /** Shape of each float input; `dims` of the graph are these, or strings where `symbolic` says so. */
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  /** Numbers of an input; default irregular ones in ±1.5, none near 0. */
  readonly values?: (name: string, length: number) => Float32Array;
  /** Writes the function of the inputs. */
  readonly formula: (build: GraphBuilder) => string;
  /** Further feeds: indices, conditions. Declared by the formula. */
  readonly feeds?: Readonly<Record<string, Feed>>;
  /** Inputs to differentiate by; default all. */
  readonly wrt?: readonly string[];
  /** Leave all sizes open until the graph runs. Default false. */
  readonly symbolic?: boolean;
}

/** A compiled case, which runs with tensors of any sizes that its graph allows. */
export interface CompiledCase {
  /** Largest error of the gradients against finite differences, relative to the gradient's length. See `gradientError`. */
  error(inputs: GradientCase["inputs"], feeds?: GradientCase["feeds"]): Promise<number>;
  release(): Promise<void>;
}

/**
 * Compares gradients, for irregular upstream gradients, with central differences along irregular directions: of float32
 * results with sums in double, extrapolated from steps h and 2h (Richardson), so that both the error of order h² and most
 * rounding go away. Gives the largest error relative to |gradient|·|direction|; right rules stay below 1e-3.
 */
export async function gradientError(given: GradientCase): Promise<number> {
  const compiled = await compileCase(given);
  try {
    return await compiled.error(given.inputs, given.feeds);
  } finally {
    await compiled.release();
  }
}

export async function compileCase(given: GradientCase): Promise<CompiledCase> {
  const { inputs, formula, values = irregular, symbolic = false } = given;
  const names = Object.keys(inputs);
  const wrt = given.wrt ?? names;
  const program = buildTrainingProgram({
    wrt,
    write: (build) => {
      for (const [name, dims] of Object.entries(inputs)) {
        build.input(name, symbolic ? dims.map((_, axis) => `${name}_${axis}`) : dims);
      }
      const y = formula(build);
      build.graph.addInput({ name: "upstream", dataType: "float" });
      return { outputs: { y }, seeds: new Map([[y, "upstream"]]) };
    },
  });
  const session = await TrainingSession.create(program);
  return {
    error: (sizes, feeds = {}) => errorOf({ session, sizes, feeds, wrt, values }),
    release: () => session.release(),
  };
}

interface ErrorOfOptions {
  readonly session: TrainingSession;
  readonly sizes: GradientCase["inputs"];
  readonly feeds: Readonly<Record<string, Feed>>;
  readonly wrt: readonly string[];
  readonly values: (name: string, length: number) => Float32Array;
}

const STEP = 0.01;

async function errorOf({ session, sizes, feeds, wrt, values }: ErrorOfOptions): Promise<number> {
  const point = new Map(Object.entries(sizes).map(([name, dims]) => [name, values(name, elementCount(dims))]));
  const run = async (at: ReadonlyMap<string, Float32Array>, upstream: Feed) => {
    const tensors = [...at].map(
      ([name, data]) => [name, { dataType: "float", dims: sizes[name] ?? [], data }] as const,
    );
    return session.run({
      feeds: new Map<string, Feed>([...tensors, ...Object.entries(feeds), ["upstream", upstream]]),
      weights: new Map(),
    });
  };
  // The shape of the result is not known before a run; until then the upstream gradient is a scalar, which is expanded.
  const first = await run(point, { dataType: "float", dims: [], data: Float32Array.of(1) });
  const { dims = [] } = first.outputs.get("y") ?? {};
  const weights = irregular("upstream", elementCount(dims));
  const upstream: Feed = { dataType: "float", dims, data: weights };
  const { gradients } = await run(point, upstream);
  let worst = 0;
  for (const name of wrt) {
    const gradient = gradients.get(name);
    const start = point.get(name) ?? new Float32Array();
    if (!(gradient instanceof Float32Array) || gradient.length !== start.length) {
      return Infinity;
    }
    const direction = irregular(`direction ${name}`, start.length);
    const valueAt = async (step: number): Promise<number> => {
      const moved = start.map((value, index) => value + step * (direction[index] ?? 0));
      const { outputs } = await run(new Map(point).set(name, moved), upstream);
      return dot(outputs.get("y")?.data ?? [], weights);
    };
    const slope = async (step: number) => ((await valueAt(step)) - (await valueAt(-step))) / (2 * step);
    const expected = (4 * (await slope(STEP)) - (await slope(2 * STEP))) / 3;
    const scale = Math.sqrt(dot(gradient, gradient) * dot(direction, direction));
    worst = Math.max(worst, Math.abs(dot(gradient, direction) - expected) / Math.max(scale, 1e-3));
  }
  return worst;
}

function dot(left: ArrayLike<number>, right: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < left.length; index += 1) {
    sum += (left[index] ?? 0) * (right[index] ?? 0);
  }
  return sum;
}

/** The same numbers for the same name; 0.2 to 1.5 in size, of either sign. */
function irregular(name: string, length: number): Float32Array {
  const phase = Array.from(name).reduce((sum, letter) => sum + (letter.codePointAt(0) ?? 0), 0);
  return Float32Array.from({ length }, (_, index) => {
    const wave = Math.sin(12.9898 * (index + 1) + 78.233 * phase) * 43_758.5453;
    const unit = wave - Math.floor(wave);
    return unit < 0.5 ? -0.2 - 2.6 * unit : 0.2 + 2.6 * (unit - 0.5);
  });
}
