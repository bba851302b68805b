import type { VectorIndex } from "../../../../src/vector-index/vector-index.ts";
import { FILL_BATCH, seededQueries, seededVectors } from "../index-vectors.ts";

/** What the index benchmark drives the embedded Vectorize with: a Worker of its own, so that the calls cross the real binding. */

interface DriverEnv {
  readonly VECTORIZE: VectorIndex;
}

/** `/fill?from=0&to=10000` upserts seeded vectors; `/query?queries=50&seed=1&topK=10` answers with the ids found. */
// eslint-disable-next-line import/no-default-export -- the runtime wants it
export default {
  async fetch(request: Request, env: DriverEnv): Promise<Response> {
    const url = new URL(request.url);
    const parameter = (name: string): number => Number(url.searchParams.get(name));
    if (url.pathname === "/fill") {
      for (let first = parameter("from"); first < parameter("to"); first += FILL_BATCH) {
        await env.VECTORIZE.upsert(seededVectors(first).map((values, i) => ({ id: String(first + i), values })));
      }
      return Response.json(await env.VECTORIZE.describe());
    }
    const ids: string[][] = [];
    for (const query of seededQueries(parameter("queries"), parameter("seed"))) {
      const { matches } = await env.VECTORIZE.query(query, { topK: parameter("topK") });
      ids.push(matches.map(({ id }) => id));
    }
    return Response.json(ids);
  },
};
