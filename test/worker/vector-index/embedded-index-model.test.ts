import { reset } from "cloudflare:test";
import * as fc from "fast-check";
import { beforeEach, it } from "vitest";
import { norm, scoreOf, similarity, VECTOR_METRICS, type VectorMetric } from "../../../src/vector-index/similarity.ts";
import { withIndex } from "./with-index.ts";

interface ModelVector {
  readonly id: string;
  readonly values: number[];
  readonly namespace?: string;
  readonly metadata: { readonly color: string };
}

const values = fc.array(fc.constantFrom(-2, -1, -0.5, 0, 0.25, 1, 3), { minLength: 3, maxLength: 3 });
const ids = ["a", "b", "c", "d", "e", "f", "g", "h"];
const id = fc.constantFrom(...ids);
const namespace = fc.constantFrom("one", "two", "three");
const color = fc.constantFrom("red", "green", "blue");
const vector: fc.Arbitrary<ModelVector> = fc.record(
  { id, values, namespace, metadata: fc.record({ color }) },
  { requiredKeys: ["id", "values", "metadata"] },
);
const batch = fc.array(vector, { minLength: 1, maxLength: 5 });
const step = fc.oneof(
  fc.record({ kind: fc.constantFrom("upsert" as const, "insert" as const), batch }),
  fc.record({ kind: fc.constant("delete" as const), ids: fc.array(id, { maxLength: 4 }) }),
  fc.record({ kind: fc.constant("reopen" as const) }),
  fc.record({
    kind: fc.constant("query" as const),
    values,
    topK: fc.integer({ min: 1, max: 10 }),
    namespace: fc.option(namespace, { nil: undefined }),
    color: fc.option(color, { nil: undefined }),
  }),
);

/** Scores of everything that passes, best first, by the documentation's definitions. */
function expectedScores(
  metric: VectorMetric,
  query: readonly number[],
  candidates: readonly ModelVector[],
): Map<string, number> {
  const queryVector = Float32Array.from(query);
  const scored = candidates.map((candidate) => {
    const floats = Float32Array.from(candidate.values);
    const operands = {
      metric,
      query: queryVector,
      queryNorm: norm(queryVector),
      values: floats,
      valuesNorm: norm(floats),
    };
    return { id: candidate.id, value: similarity(operands) };
  });
  return new Map(scored.toSorted((a, b) => b.value - a.value).map(({ id, value }) => [id, scoreOf(metric, value)]));
}

beforeEach(async () => {
  await reset();
});

it.for(VECTOR_METRICS)(
  "agrees with a map and brute force over any sequence of calls and restarts: %s",
  async (metric, { expect }) => {
    await withIndex((open) => {
      fc.assert(
        fc.property(fc.array(step, { minLength: 1, maxLength: 25 }), (steps) => {
          const settings = { metric, metadataIndexes: { color: "string" }, capacity: 8 } as const;
          let index = open(settings);
          index.deleteByIds(ids);
          const model = new Map<string, ModelVector>();
          for (const call of steps) {
            if (call.kind === "reopen") {
              index = open(settings);
            } else if (call.kind === "delete") {
              index.deleteByIds(call.ids);
              call.ids.forEach((deleted) => model.delete(deleted));
            } else if (call.kind === "query") {
              const passing = [...model.values()].filter(
                (candidate) =>
                  (call.namespace === undefined || candidate.namespace === call.namespace) &&
                  (call.color === undefined || candidate.metadata.color === call.color),
              );
              const scores = expectedScores(metric, call.values, passing);
              const { matches } = index.query(call.values, {
                topK: call.topK,
                ...(call.namespace !== undefined && { namespace: call.namespace }),
                ...(call.color !== undefined && { filter: { color: call.color } }),
              });
              // Equal scores may come in any order; which ids they belong to is settled by the score of each.
              expect(matches.map(({ score }) => score)).toEqual([...scores.values()].slice(0, call.topK));
              expect(matches.map(({ score }) => score)).toEqual(matches.map((match) => scores.get(match.id)));
            } else {
              index.write(call.kind, call.batch);
              for (const written of call.batch) {
                if (call.kind === "upsert" || !model.has(written.id)) {
                  model.set(written.id, written);
                }
              }
            }
            expect(index.describe().vectorCount).toBe(model.size);
          }
        }),
        { numRuns: 100 },
      );
    });
  },
);
