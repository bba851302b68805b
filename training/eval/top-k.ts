/**
 * The k best of a stream of (index, score), as a binary heap with the worst kept at its root. Of equal scores the lower
 * index is better, so the result does not depend on the order of arrival.
 */
export class TopK {
  readonly #indices: Int32Array;
  readonly #scores: Float64Array;
  #size = 0;

  constructor(k: number) {
    this.#indices = new Int32Array(k);
    this.#scores = new Float64Array(k);
  }

  /** A score below this cannot enter. -Infinity until k were offered. */
  get threshold(): number {
    return this.#size < this.#scores.length ? -Infinity : this.#scoreAt(0);
  }

  offer(index: number, score: number): void {
    const k = this.#scores.length;
    if (k === 0 || Number.isNaN(score)) {
      return;
    }
    if (this.#size < k) {
      this.#set(this.#size, index, score);
      this.#size++;
      this.#siftUp(this.#size - 1);
    } else if (this.#isWorse(0, index, score)) {
      this.#set(0, index, score);
      this.#siftDown();
    }
  }

  /** Best first. */
  sorted(): { readonly index: number; readonly score: number }[] {
    return Array.from({ length: this.#size }, (_, slot) => ({
      index: this.#indices[slot] ?? 0,
      score: this.#scoreAt(slot),
    })).sort((a, b) => b.score - a.score || a.index - b.index);
  }

  #scoreAt(slot: number): number {
    return this.#scores[slot] ?? 0;
  }

  #set(slot: number, index: number, score: number): void {
    this.#indices[slot] = index;
    this.#scores[slot] = score;
  }

  /** Whether the entry in `slot` is worse than (index, score). */
  #isWorse(slot: number, index: number, score: number): boolean {
    const own = this.#scoreAt(slot);
    return own < score || (own === score && (this.#indices[slot] ?? 0) > index);
  }

  #isSlotWorse(slot: number, other: number): boolean {
    return this.#isWorse(slot, this.#indices[other] ?? 0, this.#scoreAt(other));
  }

  #swap(a: number, b: number): void {
    const index = this.#indices[a] ?? 0;
    const score = this.#scoreAt(a);
    this.#set(a, this.#indices[b] ?? 0, this.#scoreAt(b));
    this.#set(b, index, score);
  }

  #siftUp(from: number): void {
    let slot = from;
    while (slot > 0) {
      const parent = (slot - 1) >> 1;
      if (!this.#isSlotWorse(slot, parent)) {
        return;
      }
      this.#swap(slot, parent);
      slot = parent;
    }
  }

  #siftDown(): void {
    let slot = 0;
    while (true) {
      const left = 2 * slot + 1;
      const right = left + 1;
      let worst = slot;
      if (left < this.#size && this.#isSlotWorse(left, worst)) {
        worst = left;
      }
      if (right < this.#size && this.#isSlotWorse(right, worst)) {
        worst = right;
      }
      if (worst === slot) {
        return;
      }
      this.#swap(slot, worst);
      slot = worst;
    }
  }
}
