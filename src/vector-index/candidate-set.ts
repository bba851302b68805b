interface Candidate {
  readonly slot: number;
  readonly upper: number;
}

const FIRST_CAPACITY = 1024;

/**
 * Collects the vectors that may be among the k most similar. `floor` is the k-th best LOWER bound seen: what has an upper bound
 * below it is out. Vectors taken in before the floor rose are dropped when the buffer fills up.
 */
export class CandidateSet {
  /** −∞ until k vectors were seen. */
  floor = -Infinity;
  /** Min-heap of the k best lower bounds. */
  readonly #heap: Float64Array;
  #heapSize = 0;
  #slots = new Uint32Array(FIRST_CAPACITY);
  #uppers = new Float64Array(FIRST_CAPACITY);
  #count = 0;

  constructor(k: number) {
    this.#heap = new Float64Array(k);
  }

  /** The caller has checked `upper >= floor`. */
  add(slot: number, lower: number, upper: number): void {
    if (this.#count === this.#slots.length) {
      this.#makeRoom();
    }
    this.#slots[this.#count] = slot;
    this.#uppers[this.#count] = upper;
    this.#count += 1;
    if (this.#heapSize < this.#heap.length) {
      this.#push(lower);
    } else if (lower > this.floor) {
      this.#replaceLeast(lower);
    }
    if (this.#heapSize === this.#heap.length) {
      this.floor = this.#heap[0] ?? -Infinity;
    }
  }

  /** What is left, the best upper bound first. */
  byUpperBound(): Candidate[] {
    this.#dropBelowFloor();
    const candidates: Candidate[] = [];
    for (let i = 0; i < this.#count; i += 1) {
      candidates.push({ slot: this.#slots[i] ?? 0, upper: this.#uppers[i] ?? 0 });
    }
    return candidates.sort((a, b) => b.upper - a.upper);
  }

  #makeRoom(): void {
    this.#dropBelowFloor();
    if (this.#count > this.#slots.length / 2) {
      const slots = new Uint32Array(this.#slots.length * 2);
      const uppers = new Float64Array(slots.length);
      slots.set(this.#slots);
      uppers.set(this.#uppers);
      this.#slots = slots;
      this.#uppers = uppers;
    }
  }

  #dropBelowFloor(): void {
    let kept = 0;
    for (let i = 0; i < this.#count; i += 1) {
      const upper = this.#uppers[i] ?? 0;
      this.#slots[kept] = this.#slots[i] ?? 0;
      this.#uppers[kept] = upper;
      kept += upper >= this.floor ? 1 : 0;
    }
    this.#count = kept;
  }

  #push(lower: number): void {
    let child = this.#heapSize;
    this.#heapSize += 1;
    while (child > 0) {
      const parent = (child - 1) >> 1;
      const value = this.#heap[parent] ?? 0;
      if (value <= lower) {
        break;
      }
      this.#heap[child] = value;
      child = parent;
    }
    this.#heap[child] = lower;
  }

  #replaceLeast(lower: number): void {
    let parent = 0;
    for (;;) {
      let child = 2 * parent + 1;
      if (child >= this.#heapSize) {
        break;
      }
      if (child + 1 < this.#heapSize && (this.#heap[child + 1] ?? 0) < (this.#heap[child] ?? 0)) {
        child += 1;
      }
      const value = this.#heap[child] ?? 0;
      if (value >= lower) {
        break;
      }
      this.#heap[parent] = value;
      parent = child;
    }
    this.#heap[parent] = lower;
  }
}
