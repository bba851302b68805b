import { CircuitBreaker, type CircuitBreakerSettings, type CircuitState } from "./circuit-breaker.ts";

export interface CircuitBreakersOptions {
  /** Milliseconds. */
  readonly now: () => number;
  readonly onChange?: (target: string, state: CircuitState) => void;
}

/** The circuits of an isolate, by target LM: each isolate finds out for itself, which costs no request a way to anywhere. */
export class CircuitBreakers {
  readonly #options: CircuitBreakersOptions;
  readonly #breakers = new Map<string, CircuitBreaker>();

  constructor(options: CircuitBreakersOptions) {
    this.#options = options;
  }

  of(target: string, settings: CircuitBreakerSettings): CircuitBreaker {
    const known = this.#breakers.get(target);
    if (known !== undefined) {
      return known;
    }
    const { now, onChange } = this.#options;
    const breaker = new CircuitBreaker({ settings, now, onChange: (state) => onChange?.(target, state) });
    this.#breakers.set(target, breaker);
    return breaker;
  }
}
