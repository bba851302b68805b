/** Milliseconds by stage, in the order in which they were recorded. */
export class StageTimings {
  readonly #startedAt: number;
  readonly #now: () => number;
  readonly #stages = new Map<string, number>();

  /** `now` is in milliseconds. In workerd it moves only at I/O: pure computation shows as 0. */
  constructor(now: () => number) {
    this.#now = now;
    this.#startedAt = now();
  }

  record(stage: string, milliseconds: number): void {
    this.#stages.set(stage, milliseconds);
  }

  recordAll(stages: Readonly<Record<string, number>>): void {
    for (const [stage, milliseconds] of Object.entries(stages)) {
      this.record(stage, milliseconds);
    }
  }

  /** Milliseconds by stage. */
  stages(): Readonly<Record<string, number>> {
    return Object.fromEntries(this.#stages);
  }

  /** Milliseconds since the request came in. */
  elapsed(): number {
    return this.#now() - this.#startedAt;
  }

  /** Value of `Server-Timing` (W3C Server Timing), with `total` up to now. For a stream that is the time to its first byte. */
  toHeader(): string {
    const entries = [...this.#stages, ["total", this.elapsed()] as const];
    return entries
      .map(([stage, milliseconds]) => `${stage.replaceAll(/[^\w-]/g, "_")};dur=${milliseconds.toFixed(1)}`)
      .join(", ");
  }
}
