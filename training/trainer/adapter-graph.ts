import type { QueryAdapterKind } from "../../src/encoder/query-adapter.ts";
import { unitRows } from "../losses/score-matrix.ts";
import type { GraphBuilder } from "../onnx/graph-builder.ts";
import type { Parameter } from "../optim/parameter.ts";
import type { Random } from "../seeded-random.ts";

interface AdapterGraph {
  /** Shapes of the tensors by name, for embeddings of `dims` and an inner width. */
  shapes(dims: number, width: number): Readonly<Record<string, readonly number[]>>;
  /** Writes the change of the embeddings, (queries, dims). Tensors are inputs named like them. */
  write(build: GraphBuilder, queries: string): string;
}

/** The formulas of `src/encoder/query-adapter.ts` as graphs. */
const ADAPTER_GRAPHS: Readonly<Record<QueryAdapterKind, AdapterGraph>> = {
  linear: {
    shapes: (dims) => ({ delta: [dims, dims] }),
    write: (build, queries) => build.matMul(queries, "delta"),
  },
  "low-rank": {
    shapes: (dims, width) => ({ down: [dims, width], up: [width, dims] }),
    write: (build, queries) => build.matMul(build.matMul(queries, "down"), "up"),
  },
  mlp: {
    shapes: (dims, width) => ({ down: [dims, width], b: [width], up: [width, dims] }),
    write: (build, queries) => {
      const hidden = build.add(build.matMul(queries, "down"), "b");
      return build.matMul(build.op("Relu", [hidden]), "up");
    },
  },
};

export interface AdapterShape {
  readonly kind: QueryAdapterKind;
  readonly dims: number;
  /** Inner width of `low-rank` and `mlp`. */
  readonly width: number;
}

/**
 * Parameters of an adapter that is the identity: the last matrix (and the bias) is 0, the first of two is uniform in
 * ±√(3 / dims), which keeps the length of a vector on average.
 */
export function identityAdapter({ kind, dims, width }: AdapterShape, random: Random): Parameter[] {
  const bound = Math.sqrt(3 / dims);
  return Object.entries(ADAPTER_GRAPHS[kind].shapes(dims, width)).map(([name, shape]) => {
    const data = new Float32Array(shape.reduce((product, size) => product * size, 1));
    return { name, dims: shape, data: name === "down" ? data.map(() => bound * (2 * random() - 1)) : data };
  });
}

/** Writes an adapter into a graph and declares its tensors as inputs; returns the adapted embeddings, (queries, dims). */
export function appendAdapter(
  build: GraphBuilder,
  queries: string,
  { kind, dims, width, normalize }: AdapterShape & { readonly normalize: boolean },
): string {
  const graph = ADAPTER_GRAPHS[kind];
  for (const [name, shape] of Object.entries(graph.shapes(dims, width))) {
    build.input(name, shape);
  }
  const adapted = build.add(queries, graph.write(build, queries));
  return normalize ? unitRows(build, adapted) : adapted;
}
