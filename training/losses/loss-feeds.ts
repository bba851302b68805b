import type { DataTypeName } from "../onnx/data-type.ts";
import type { GraphBuilder } from "../onnx/graph-builder.ts";
import type { LossFeed } from "./loss.ts";

/** Declares an input of a loss once, however many fragments of the graph read it. Floats come in the builder's float type. */
export function lossInput(
  build: GraphBuilder,
  name: string,
  { dims, dataType }: { readonly dims: readonly (number | string)[]; readonly dataType: DataTypeName },
): string {
  if (!build.graph.inputNames.includes(name)) {
    build.input(name, dims, dataType);
  }
  return dataType === "float" && build.floatType !== "float" ? build.cast(name) : name;
}

/** A (rows, columns) mask with ones where `isSet` says so. */
export function maskFeed(
  [rows, columns]: readonly [number, number],
  isSet: (row: number, column: number) => boolean,
): LossFeed & { readonly data: Uint8Array } {
  const data = new Uint8Array(rows * columns);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      data[row * columns + column] = Number(isSet(row, column));
    }
  }
  return { dataType: "bool", dims: [rows, columns], data };
}

export function indexFeed(values: readonly number[]): LossFeed {
  return { dataType: "int64", dims: [values.length], data: BigInt64Array.from(values, BigInt) };
}

export function floatFeed(dims: readonly number[], values: Iterable<number>): LossFeed {
  return { dataType: "float", dims, data: Float32Array.from(values) };
}
