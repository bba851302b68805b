import { passesFilter, type FilterTest } from "./filter.ts";
import type { IndexedValue, MetadataIndexType } from "./metadata.ts";

/** One metadata index in memory: a value, or none, for every slot. */
export interface MetadataColumn {
  set(slot: number, value: IndexedValue | undefined): void;
  /** Keeps, in place and in order, those of the first `count` slots that pass; answers how many are left. */
  keep(test: FilterTest, slots: Uint32Array, count: number): number;
}

const NO_TERM = 0;

/** Dictionary-encoded: a test runs once per distinct string, not once per vector. */
class StringColumn implements MetadataColumn {
  readonly #terms: Uint32Array;
  readonly #termOf = new Map<string, number>();
  /** By term; freed terms are undefined and reused, so that rewriting vectors does not grow the dictionary. */
  readonly #strings: (string | undefined)[] = [undefined];
  readonly #uses: number[] = [0];
  readonly #freeTerms: number[] = [];

  constructor(capacity: number) {
    this.#terms = new Uint32Array(capacity);
  }

  set(slot: number, value: IndexedValue | undefined): void {
    const before = this.#terms[slot] ?? NO_TERM;
    this.#terms[slot] = typeof value === "string" ? this.#acquire(value) : NO_TERM;
    if (before !== NO_TERM) {
      this.#release(before);
    }
  }

  keep(test: FilterTest, slots: Uint32Array, count: number): number {
    const passes = Uint8Array.from(this.#strings, (text) => (passesFilter(test, text) ? 1 : 0));
    let kept = 0;
    for (let i = 0; i < count; i += 1) {
      const slot = slots[i] ?? 0;
      slots[kept] = slot;
      kept += passes[this.#terms[slot] ?? NO_TERM] ?? 0;
    }
    return kept;
  }

  #acquire(text: string): number {
    const known = this.#termOf.get(text);
    if (known !== undefined) {
      this.#uses[known] = (this.#uses[known] ?? 0) + 1;
      return known;
    }
    const term = this.#freeTerms.pop() ?? this.#strings.length;
    this.#strings[term] = text;
    this.#uses[term] = 1;
    this.#termOf.set(text, term);
    return term;
  }

  #release(term: number): void {
    const uses = (this.#uses[term] ?? 0) - 1;
    this.#uses[term] = uses;
    const text = this.#strings[term];
    if (uses === 0 && text !== undefined) {
      this.#termOf.delete(text);
      this.#strings[term] = undefined;
      this.#freeTerms.push(term);
    }
  }
}

/** NaN, which JSON cannot hold, stands for "no value". */
class NumberColumn implements MetadataColumn {
  readonly #values: Float64Array;

  constructor(capacity: number) {
    this.#values = new Float64Array(capacity).fill(Number.NaN);
  }

  set(slot: number, value: IndexedValue | undefined): void {
    this.#values[slot] = typeof value === "number" ? value : Number.NaN;
  }

  keep(test: FilterTest, slots: Uint32Array, count: number): number {
    let kept = 0;
    for (let i = 0; i < count; i += 1) {
      const slot = slots[i] ?? 0;
      const value = this.#values[slot] ?? Number.NaN;
      slots[kept] = slot;
      kept += passesFilter(test, Number.isNaN(value) ? undefined : value) ? 1 : 0;
    }
    return kept;
  }
}

const BOOLEAN_CODES = [undefined, false, true] as const;

class BooleanColumn implements MetadataColumn {
  readonly #codes: Uint8Array;

  constructor(capacity: number) {
    this.#codes = new Uint8Array(capacity);
  }

  set(slot: number, value: IndexedValue | undefined): void {
    this.#codes[slot] = typeof value === "boolean" ? BOOLEAN_CODES.indexOf(value) : 0;
  }

  keep(test: FilterTest, slots: Uint32Array, count: number): number {
    const passes = Uint8Array.from(BOOLEAN_CODES, (value) => (passesFilter(test, value) ? 1 : 0));
    let kept = 0;
    for (let i = 0; i < count; i += 1) {
      const slot = slots[i] ?? 0;
      slots[kept] = slot;
      kept += passes[this.#codes[slot] ?? 0] ?? 0;
    }
    return kept;
  }
}

const COLUMNS = {
  string: StringColumn,
  number: NumberColumn,
  boolean: BooleanColumn,
} satisfies Record<MetadataIndexType, new (capacity: number) => MetadataColumn>;

/** A column of `capacity` slots, all without a value: 4, 8 or 1 bytes a slot, and each distinct string once. */
export function createMetadataColumn(type: MetadataIndexType, capacity: number): MetadataColumn {
  return new COLUMNS[type](capacity);
}
