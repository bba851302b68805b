import { AppError } from "../../src/shared/errors.ts";
import type { Parameter } from "./parameter.ts";

/** Gradient of a table of which a step read few rows: an embedding table. Rows that are not named have gradient 0. */
export interface RowGradient {
  /** Each row at most once, in any order. */
  readonly rows: Int32Array;
  /** Row-major, (rows.length, elements of a row). */
  readonly values: Float32Array;
}

/** Of a whole tensor, or of some of its rows. */
export type Gradient = Float32Array | RowGradient;

/** The numbers in a gradient; for rows, only those of the rows that it names. */
export function gradientValues(gradient: Gradient): Float32Array {
  return gradient instanceof Float32Array ? gradient : gradient.values;
}

/** Elements of one row of a tensor: of its slices along the first axis. */
export function rowSize({ dims }: Pick<Parameter, "dims">): number {
  return dims.slice(1).reduce((product, dim) => product * dim, 1);
}

/**
 * The gradient of a parameter, checked against its shape.
 * @throws AppError `internal` when there is none (freeze the parameter instead), or one of another shape, or a row that the
 *   table does not have.
 */
export function gradientOf(parameter: Parameter, gradients: ReadonlyMap<string, Gradient>): Gradient {
  const gradient = gradients.get(parameter.name);
  if (gradient === undefined) {
    throw new AppError("internal", `parameter "${parameter.name}" got no gradient; freeze it if it is not trained`);
  }
  const problem =
    gradient instanceof Float32Array ? denseProblem(parameter, gradient) : rowProblem(parameter, gradient);
  if (problem !== undefined) {
    const shape = parameter.dims.join(", ");
    throw new AppError("internal", `gradient of parameter "${parameter.name}" of shape [${shape}] ${problem}`);
  }
  return gradient;
}

function denseProblem({ data }: Parameter, gradient: Float32Array): string | undefined {
  return gradient.length === data.length ? undefined : `has ${gradient.length} elements, expected ${data.length}`;
}

function rowProblem(parameter: Parameter, { rows, values }: RowGradient): string | undefined {
  const expected = rows.length * rowSize(parameter);
  if (values.length !== expected) {
    return `has ${values.length} elements for ${rows.length} rows, expected ${expected}`;
  }
  const [rowCount = 0] = parameter.dims;
  const outside = rows.find((row) => row < 0 || row >= rowCount);
  return outside === undefined ? undefined : `names row ${outside}, which the table does not have`;
}
