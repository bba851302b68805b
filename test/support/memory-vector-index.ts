import type { VectorIndex, VectorRecord } from "../../src/vector-index/vector-index.ts";
import { vectorizeProblem } from "../../src/vector-index/vectorize-problem.ts";

export interface MemoryVectorIndexOptions {
  readonly dimensions?: number;
  /** Calls to `upsert` and `deleteByIds` from now on that fail, as an outage would. */
  readonly failures?: number;
  /** Vectors; default: no end to it. */
  readonly capacity?: number;
}

/** Remembers vectors by id and searches nothing; fails on demand. */
export class MemoryVectorIndex implements VectorIndex {
  readonly vectors = new Map<string, VectorRecord>();
  /** Vectors or ids of each successful mutation. */
  readonly batches: number[] = [];
  readonly #dimensions: number;
  readonly #capacity: number;
  failures: number;
  /** Calls after which a mutation becomes visible, as Vectorize's do after a while. */
  lag = 0;
  readonly #pending: { change: () => void; calls: number }[] = [];

  constructor({ dimensions = 4, failures = 0, capacity = Infinity }: MemoryVectorIndexOptions = {}) {
    this.#dimensions = dimensions;
    this.#capacity = capacity;
    this.failures = failures;
  }

  describe(): ReturnType<VectorIndex["describe"]> {
    return Promise.resolve({
      vectorCount: this.vectors.size,
      dimensions: this.#dimensions,
      processedUpToDatetime: "",
      processedUpToMutation: "",
    });
  }

  upsert(vectors: VectorRecord[]): ReturnType<VectorIndex["upsert"]> {
    return this.#mutate(vectors.length, () => {
      if (new Set([...this.vectors.keys(), ...vectors.map(({ id }) => id)]).size > this.#capacity) {
        throw vectorizeProblem("indexFull", `at most ${this.#capacity} vectors`);
      }
      for (const vector of vectors) {
        this.vectors.set(vector.id, vector);
      }
    });
  }

  insert(vectors: VectorRecord[]): ReturnType<VectorIndex["insert"]> {
    return this.upsert(vectors.filter(({ id }) => !this.vectors.has(id)));
  }

  deleteByIds(ids: string[]): ReturnType<VectorIndex["deleteByIds"]> {
    return this.#mutate(ids.length, () => {
      for (const id of ids) {
        this.vectors.delete(id);
      }
    });
  }

  getByIds(ids: string[]): ReturnType<VectorIndex["getByIds"]> {
    this.#pass();
    return Promise.resolve(ids.flatMap((id) => this.vectors.get(id) ?? []));
  }

  query(): ReturnType<VectorIndex["query"]> {
    return Promise.resolve({ matches: [], count: 0 });
  }

  queryById(): ReturnType<VectorIndex["queryById"]> {
    return this.query();
  }

  async #mutate(size: number, change: () => void): Promise<{ mutationId: string }> {
    if (this.failures > 0) {
      this.failures -= 1;
      throw new Error("VECTOR_UPSERT_ERROR (code = 10000): outage");
    }
    this.#pass();
    if (this.lag === 0 && this.#pending.length === 0) {
      change();
    } else {
      this.#pending.push({ change, calls: this.lag });
    }
    this.batches.push(size);
    return { mutationId: `mutation-${this.batches.length}` };
  }

  /** In order: a mutation is never visible before an earlier one. */
  #pass(): void {
    for (const mutation of this.#pending) {
      mutation.calls -= 1;
    }
    while (this.#pending[0] !== undefined && this.#pending[0].calls <= 0) {
      this.#pending.shift()?.change();
    }
  }
}
