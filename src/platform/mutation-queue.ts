import type { IndexedVector, PendingMutation, VectorStore } from "./vector-store.ts";

export interface Mutation extends Omit<PendingMutation, "sequence"> {
  readonly vectors: readonly IndexedVector[];
}

/** Mutations that are accepted and not yet visible, in the store and in order. */
export class MutationQueue {
  readonly #store: VectorStore;
  #pending: PendingMutation[];

  constructor(store: VectorStore) {
    this.#store = store;
    this.#pending = store.pendingMutations();
  }

  get isEmpty(): boolean {
    return this.#pending.length === 0;
  }

  /** When the last of them becomes visible, in ms since the epoch; 0 when there is none. */
  get lastVisibleAt(): number {
    return this.#pending.at(-1)?.visibleAt ?? 0;
  }

  /** Vectors that wait to be written. */
  vectorCount(): number {
    return this.isEmpty ? 0 : this.#store.pendingVectorCount();
  }

  /** Keeps a mutation until it is due, in a transaction that `transaction` runs. */
  add(mutation: Mutation, transaction: (write: () => void) => void): void {
    transaction(() => this.#store.addPending(mutation, mutation.vectors));
    this.#pending = this.#store.pendingMutations();
  }

  /** Applies, one by one, what is visible by `now`: a transaction takes each from the queue and does what `apply` does. */
  applyDue(now: number, transaction: (write: () => void) => void, apply: (mutation: Mutation) => void): void {
    for (let next = this.#pending[0]; next !== undefined && next.visibleAt <= now; next = this.#pending[0]) {
      const { sequence } = next;
      const mutation = { ...next, vectors: this.#store.pendingVectors(sequence) };
      transaction(() => {
        apply(mutation);
        this.#store.deletePending(sequence);
      });
      this.#pending = this.#pending.slice(1);
    }
  }
}
