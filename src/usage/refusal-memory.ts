/** As long as the longest wait that a limit of a minute can ask for. */
const REMEMBERED_MILLISECONDS = 60_000;
/** Keys that an isolate remembers; beyond it the oldest is forgotten. */
const MAX_REMEMBERED = 10_000;

/** Which keys were refused of late, as far as this isolate has seen: nothing is done for them before they are let in. */
export class RefusalMemory {
  readonly #now: () => number;
  readonly #refusedAt = new Map<string, number>();

  /** `now`: milliseconds since 1970. */
  constructor(now: () => number) {
    this.#now = now;
  }

  note(keyId: string): void {
    this.#refusedAt.delete(keyId);
    this.#refusedAt.set(keyId, this.#now());
    const [oldest] = this.#refusedAt.keys();
    if (this.#refusedAt.size > MAX_REMEMBERED && oldest !== undefined) {
      this.#refusedAt.delete(oldest);
    }
  }

  isRecent(keyId: string): boolean {
    const at = this.#refusedAt.get(keyId);
    return at !== undefined && Math.abs(this.#now() - at) < REMEMBERED_MILLISECONDS;
  }
}
