/** A third of the ledger's patience: one beat may be lost. */
export const BEAT_MILLISECONDS = 20_000;

/** What a request has used is first told after this time: most searches have ended by then, most answers are being written. */
const FIRST_BEAT_MILLISECONDS = 1_000;

/** Says that something is alive, a second after it has begun and then every 20 s. */
export class Heartbeat {
  readonly #beat: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isStopped = false;

  constructor(beat: () => void) {
    this.#beat = beat;
  }

  /** Nothing happens the second time, nor after it was stopped. */
  start(): void {
    if (!this.#isStopped && this.#timer === undefined) {
      this.#beatAfter(FIRST_BEAT_MILLISECONDS);
    }
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#timer !== undefined) {
      clearTimeout(this.#timer);
    }
  }

  #beatAfter(milliseconds: number): void {
    this.#timer = setTimeout(() => {
      this.#beat();
      this.#beatAfter(BEAT_MILLISECONDS);
    }, milliseconds);
  }
}
