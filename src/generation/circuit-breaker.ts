/** When a target LM is left alone, and for how long. */
export interface CircuitBreakerSettings {
  /** Failures within the window that open the circuit. */
  readonly failures: number;
  /** ... if they are at least this share of all requests in it, 0..1. */
  readonly share: number;
  readonly windowMs: number;
  /** How long nothing is asked before one request is let through to see. */
  readonly openMs: number;
}

export type CircuitState = "closed" | "open" | "half-open";

export interface CircuitBreakerOptions {
  readonly settings: CircuitBreakerSettings;
  /** Milliseconds; may jump. */
  readonly now: () => number;
  readonly onChange?: (state: CircuitState) => void;
}

/** Outcomes that are remembered at most; a busy isolate needs no more to know. */
const MAX_REMEMBERED = 1_000;

/**
 * The circuit to one target LM: closed, it lets everything through; open, nothing for `openMs`; then half-open, one request at
 * a time, whose success closes it and whose failure opens it again.
 */
export class CircuitBreaker {
  readonly #options: CircuitBreakerOptions;
  #outcomes: { readonly at: number; readonly isFailure: boolean }[] = [];
  #state: CircuitState = "closed";
  #openedAt = 0;
  #isProbing = false;

  constructor(options: CircuitBreakerOptions) {
    this.#options = options;
  }

  get state(): CircuitState {
    return this.#state;
  }

  /**
   * Milliseconds for which the target is to be left alone; 0: go ahead, then `succeed`, `fail` or `cancel`. Half-open, it lets
   * one through.
   */
  enter(): number {
    const { settings, now } = this.#options;
    if (this.#state === "closed") {
      return 0;
    }
    // A clock that was set back must not keep it open for longer.
    const waited = Math.max(0, now() - this.#openedAt);
    if (waited < settings.openMs && now() >= this.#openedAt) {
      return settings.openMs - waited;
    }
    this.#change("half-open");
    if (this.#isProbing) {
      return settings.openMs;
    }
    this.#isProbing = true;
    return 0;
  }

  succeed(): void {
    if (this.#state === "closed") {
      this.#remember(false);
    } else if (this.#state === "half-open") {
      this.#outcomes = [];
      this.#isProbing = false;
      this.#change("closed");
    }
  }

  fail(): void {
    const { failures, share } = this.#options.settings;
    if (this.#state === "closed") {
      this.#remember(true);
      const failed = this.#outcomes.filter(({ isFailure }) => isFailure).length;
      if (failed >= failures && failed >= share * this.#outcomes.length) {
        this.#open();
      }
    } else if (this.#state === "half-open") {
      this.#open();
    }
  }

  /** The request ended before it could tell anything: its client left. */
  cancel(): void {
    this.#isProbing = false;
  }

  #open(): void {
    this.#openedAt = this.#options.now();
    this.#isProbing = false;
    this.#change("open");
  }

  #remember(isFailure: boolean): void {
    const at = this.#options.now();
    const { windowMs } = this.#options.settings;
    this.#outcomes = [
      ...this.#outcomes.filter((outcome) => Math.abs(at - outcome.at) < windowMs),
      { at, isFailure },
    ].slice(-MAX_REMEMBERED);
  }

  #change(state: CircuitState): void {
    if (state !== this.#state) {
      this.#state = state;
      this.#options.onChange?.(state);
    }
  }
}
