import type { CacheResult, CacheStage } from "../caching/caching.ts";

/** A stage that was used several times is called by its worst: only what was all kept is a hit. */
const BADNESS: Readonly<Record<CacheResult, number>> = { hit: 0, bypass: 1, miss: 2 };

/** What went otherwise than planned, and what was cached: for headers, the log and the usage record of one request. */
export class RequestReport {
  readonly #cache = new Map<CacheStage, CacheResult>();
  readonly #degraded = new Set<string>();

  readonly cached = (stage: CacheStage, result: CacheResult): void => {
    const known = this.#cache.get(stage);
    if (known === undefined || BADNESS[result] > BADNESS[known]) {
      this.#cache.set(stage, result);
    }
  };

  /** `what`: a leg of retrieval, `retrieval`, `rewrite` or `fallback`. */
  degrade(what: string): void {
    this.#degraded.add(what);
  }

  /** What the response has to do without. */
  get degraded(): Iterable<string> {
    return this.#degraded;
  }

  /** Stages whose every use was a hit. */
  get hits(): readonly CacheStage[] {
    return [...this.#cache].flatMap(([stage, result]) => (result === "hit" ? [stage] : []));
  }

  /** By stage, and `degraded`; empty where there is nothing to say. */
  get headers(): Readonly<Record<string, string>> {
    const cache = [...this.#cache].map(([stage, result]) => `${stage}=${result}`).join(", ");
    const degraded = [...this.#degraded].join(", ");
    return {
      ...(cache === "" ? {} : { "x-cache": cache }),
      ...(degraded === "" ? {} : { "x-degraded": degraded }),
    };
  }

  /** The same for a log line. */
  get logFields(): Readonly<Record<string, string>> {
    const { "x-cache": cache, "x-degraded": degraded } = this.headers;
    return { ...(cache === undefined ? {} : { cache }), ...(degraded === undefined ? {} : { degraded }) };
  }
}
