/** Slots grouped by namespace: arrays that are built when first asked for after a change, by counting sort. */
export class NamespacePostings {
  /** Namespace number of each slot plus one; 0 = no live vector in the slot. */
  readonly #namespaceOf: Uint32Array;
  readonly #counts = new Map<number, number>();
  #sorted: { readonly slots: Uint32Array; readonly starts: ReadonlyMap<number, number> } | undefined;
  #all: Uint32Array | undefined;

  constructor(capacity: number) {
    this.#namespaceOf = new Uint32Array(capacity);
  }

  /** Puts a live vector into `slot`, replacing one that is there. */
  set(slot: number, namespace: number): void {
    this.delete(slot);
    this.#namespaceOf[slot] = namespace + 1;
    this.#counts.set(namespace, this.count(namespace) + 1);
  }

  delete(slot: number): void {
    const namespace = this.namespaceOf(slot);
    this.#sorted = undefined;
    this.#all = undefined;
    if (namespace < 0) {
      return;
    }
    this.#namespaceOf[slot] = 0;
    const left = this.count(namespace) - 1;
    if (left === 0) {
      this.#counts.delete(namespace);
    } else {
      this.#counts.set(namespace, left);
    }
  }

  isLive(slot: number): boolean {
    return (this.#namespaceOf[slot] ?? 0) !== 0;
  }

  /** -1 when the slot holds no live vector. */
  namespaceOf(slot: number): number {
    return (this.#namespaceOf[slot] ?? 0) - 1;
  }

  /** Live vectors of a namespace. */
  count(namespace: number): number {
    return this.#counts.get(namespace) ?? 0;
  }

  /** Writes the live slots of a namespace (of all when undefined), ascending, into `into`; answers how many they are. */
  copySlots(namespace: number | undefined, into: Uint32Array): number {
    const slots = namespace === undefined ? (this.#all ??= this.#listAll()) : this.#slotsOf(namespace);
    into.set(slots);
    return slots.length;
  }

  #slotsOf(namespace: number): Uint32Array {
    const { slots, starts } = (this.#sorted ??= this.#sort());
    const start = starts.get(namespace) ?? 0;
    return slots.subarray(start, start + this.count(namespace));
  }

  #listAll(): Uint32Array {
    const all = new Uint32Array(this.#total());
    let count = 0;
    for (let slot = 0; count < all.length; slot += 1) {
      all[count] = slot;
      count += this.isLive(slot) ? 1 : 0;
    }
    return all;
  }

  #sort(): { slots: Uint32Array; starts: Map<number, number> } {
    const starts = new Map<number, number>();
    const next = new Map<number, number>();
    let start = 0;
    for (const [namespace, count] of this.#counts) {
      starts.set(namespace, start);
      next.set(namespace, start);
      start += count;
    }
    const slots = new Uint32Array(start);
    for (let slot = 0; slot < this.#namespaceOf.length; slot += 1) {
      const namespace = this.namespaceOf(slot);
      if (namespace >= 0) {
        const position = next.get(namespace) ?? 0;
        slots[position] = slot;
        next.set(namespace, position + 1);
      }
    }
    return { slots, starts };
  }

  #total(): number {
    let total = 0;
    for (const count of this.#counts.values()) {
      total += count;
    }
    return total;
  }
}
