import kernelModule from "../../../../src/encoder/engine/kernel-relaxed.wasm";
import { scanCodes } from "../../../../src/vector-index/exact-search.ts";
import { quantizeRow } from "../../../../src/vector-index/quantize.ts";
import { VectorImage } from "../../../../src/vector-index/vector-image.ts";
import { DIMENSIONS, FILL_BATCH, seededQueries, seededVectors } from "../index-vectors.ts";

/**
 * The scan benchmark's Worker: `/fill?to=64000` makes an index in memory of seeded vectors, `/scan?queries=20&seed=1&topK=10&times=5`
 * scans it for each of the queries that many times and answers with the candidates, slots by query. The clock of an
 * isolate stands still while it computes, so the time is taken by who asks; `times=0` answers without scanning.
 */

let image: VectorImage | undefined;

function fill(rows: number): VectorImage {
  const filled = new VectorImage({ dimensions: DIMENSIONS, metric: "cosine", capacity: rows, module: kernelModule });
  for (let first = 0; first < rows; first += FILL_BATCH) {
    for (const [i, values] of seededVectors(first).entries()) {
      filled.set(first + i, { ...quantizeRow(values), namespace: 0, indexed: [] });
    }
  }
  return filled;
}

// eslint-disable-next-line import/no-default-export -- the runtime wants it
export default {
  fetch: (request: Request): Response => {
    const { pathname, searchParams } = new URL(request.url);
    const parameter = (name: string): number => Number(searchParams.get(name));
    if (pathname === "/fill" || image === undefined) {
      image = fill(parameter("to"));
      return Response.json({ rows: image.size, bytes: image.memory.bytes });
    }
    const [filled, topK] = [image, parameter("topK")];
    const queries = seededQueries(parameter("queries"), parameter("seed"));
    let found: number[][] = [];
    for (let times = parameter("times"); times > 0; times -= 1) {
      found = queries.map((query) => {
        const count = filled.select(0, []);
        return scanCodes(filled, { query, topK, count }).map(({ slot }) => slot);
      });
    }
    return Response.json(found);
  },
};
