import type { DataTypeName } from "../data-type.ts";

/** One dimension: a size, or the name of one that is only known when the graph runs. Equal names are equal sizes. */
export type Dim = number | string;

/** What is known of a value before the graph runs. Absent: unknown. */
export interface ValueType {
  readonly dataType?: DataTypeName | undefined;
  readonly dims?: readonly Dim[] | undefined;
  /** Elements of a scalar or list of integers: a shape computed from other shapes, axes, indices. */
  readonly elements?: readonly Dim[] | undefined;
}

export function isFloat({ dataType }: ValueType): boolean {
  return dataType === "float" || dataType === "double" || dataType === "float16" || dataType === "bfloat16";
}

/** Sizes, when all of them are known. */
export function staticDims(dims: readonly Dim[] | undefined): readonly number[] | undefined {
  return dims?.every((dim) => typeof dim === "number") ? dims : undefined;
}

/** A position that may count from the end, as an index. */
export function positiveAxis(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
}

/**
 * The shape that NumPy broadcasting gives. `fresh` names a dimension that cannot be decided: two names that may or may not
 * be equal, and either of which may be 1.
 */
export function broadcastDims(
  left: readonly Dim[],
  right: readonly Dim[],
  fresh: (axis: number) => string,
): readonly Dim[] {
  const rank = Math.max(left.length, right.length);
  return Array.from({ length: rank }, (_, axis) => {
    const a = left[left.length - rank + axis] ?? 1;
    const b = right[right.length - rank + axis] ?? 1;
    if (a === b || b === 1) {
      return a;
    }
    if (a === 1 || (typeof b === "number" && typeof a !== "number")) {
      return b;
    }
    return typeof a === "number" ? a : fresh(axis);
  });
}
