import type { GenerateRequest, TargetLm } from "../generation/target-lm.ts";
import { AppError } from "../shared/errors.ts";
import { withRetry } from "../shared/retry.ts";
import { askLedger } from "./ask-ledger.ts";
import { GenerationTally, mostTokens } from "./generation-tally.ts";
import { BEAT_MILLISECONDS, Heartbeat } from "./heartbeat.ts";
import type { Admission, Allowance, Claim, KeyLedger, RateState, StoredResponse, Wanted } from "./key-ledger.ts";
import { generationCost, type Prices } from "./prices.ts";
import { refusalError } from "./refusal-error.ts";
import type { RefusalMemory } from "./refusal-memory.ts";
import { RequestCounts } from "./request-counts.ts";
import type { UsageEnding, UsageSubject } from "./usage-record.ts";

/**
 * A request without limits that ends within this time is told to the ledger once, when it ends: most searches. No LM has said
 * much by then.
 */
const UNLIMITED_SILENCE_MILLISECONDS = 100;

export interface RequestMeterOptions {
  readonly ledger: KeyLedger;
  readonly subject: UsageSubject;
  readonly allowance: Allowance;
  readonly prices: Prices;
  readonly refusals: RefusalMemory;
  /** Milliseconds since the request came in. */
  readonly elapsed: () => number;
  /** Told once how the request ended, before the ledger is. */
  readonly onEnd: (ending: UsageEnding) => void;
  /** Names of what was taken from caches, comma-separated. */
  readonly cached: () => string;
  /** Milliseconds by stage so far. */
  readonly stages: () => Readonly<Record<string, number>>;
}

/** How a request ended, as its route knows it. */
export interface MeteredEnding {
  readonly outcome: Exclude<UsageEnding["outcome"], "lost">;
  readonly status: number;
  readonly errorCode?: string | undefined;
}

/**
 * Counts what one request uses, and speaks for it to its key's ledger: `open`, or `postpone` and `admitted`, then any number
 * of reservations and counts, then `settle`. Where nothing is limited no one waits for the ledger.
 */
export class RequestMeter {
  /** What it has used so far. */
  readonly counts: RequestCounts;
  readonly #options: RequestMeterOptions;
  readonly #isUnlimited: boolean;
  #allowance: Allowance;
  /** Finds out anew who asks, when the ledger has heard of a change of the key. */
  #renewAllowance: (() => Promise<Allowance>) | undefined;
  /** Settled when the ledger has answered to the opening; undefined: it was not told yet. */
  #opened: Promise<unknown> | undefined;
  #opening: ReturnType<typeof setTimeout> | undefined;
  readonly #heartbeat = new Heartbeat(() => this.#renew());
  #rateState: RateState = {};
  #model: string | null = null;
  #isStream = false;
  #failure: AppError | undefined;
  #isSettled = false;
  readonly #finished = Promise.withResolvers<void>();

  constructor(options: RequestMeterOptions) {
    this.#options = options;
    this.counts = new RequestCounts(options.prices);
    this.#allowance = options.allowance;
    const { generation, limits, budget } = options.allowance;
    this.#isUnlimited =
      generation === 0 && [...Object.values(limits), ...Object.values(budget)].every((limit) => limit === undefined);
  }

  /** What is left of the key's limits, as last heard. */
  get rateState(): RateState {
    return this.#rateState;
  }

  /** The error that a stream ended in. */
  get failure(): AppError | undefined {
    return this.#failure;
  }

  /** Resolves when the request is settled; the isolate has to live so long. */
  get finished(): Promise<void> {
    return this.#finished.promise;
  }

  /** Whether nothing is to be done for this request before the ledger has let it in: its key was refused a moment ago. */
  get isToWait(): boolean {
    return this.#options.refusals.isRecent(this.#options.subject.keyId);
  }

  /** Counts the request. False: the principal is out of date. Throws `rate_limited` or `budget_exhausted`. */
  async open(): Promise<boolean> {
    if (this.#isUnlimited) {
      this.#openLater();
      return true;
    }
    return this.#accept(await this.#open());
  }

  /**
   * For routes that reserve before they use anything: the request is counted with its first reservation, in one way there and
   * back, or with `admitted`. `renewAllowance` is asked when the principal turns out to be out of date; what it throws, that
   * reservation throws.
   */
  postpone(renewAllowance: () => Promise<Allowance>): void {
    this.#renewAllowance = renewAllowance;
    if (this.#isUnlimited) {
      this.#openLater();
    }
  }

  /** Counts the request unless that was done. Throws as `open` does, however often it is asked. */
  async admitted(): Promise<void> {
    if (!this.#isUnlimited) {
      await (this.#opened ?? this.#admit());
    }
  }

  /** Claims an idempotency key for this request; see `KeyLedger`. Throws `metering_failed`. */
  async claim(key: string, fingerprint: string): Promise<Claim> {
    const { ledger, subject } = this.#options;
    await (this.#isUnlimited ? (this.#opened ?? this.#open()) : this.admitted());
    return await askLedger(() => ledger.claim({ key, fingerprint, owner: subject.id }));
  }

  /** Keeps the response of a claim. Never throws: what is not kept is done again. */
  async complete(key: string, response: StoredResponse): Promise<void> {
    const { ledger, subject } = this.#options;
    await ledger.complete(key, subject.id, response).catch(() => undefined);
  }

  /** Gives a claim back. Never throws: a claim ends with its request. */
  async release(key: string): Promise<void> {
    const { ledger, subject } = this.#options;
    await ledger.release(key, subject.id).catch(() => undefined);
  }

  /** The client gets a stream: it needs one of the key's places. Takes effect with the next reservation. */
  markStream(): void {
    this.#isStream = true;
  }

  /** The name that the client asked for. */
  markModel(name: string): void {
    this.#model = name;
  }

  markFailure(error: AppError): void {
    this.#failure ??= error;
  }

  /** Before texts are embedded, for a search or for their own sake. Throws as `open` does. */
  async reserveEmbedding(tokens: number, { searches }: { readonly searches: number }): Promise<void> {
    const { embedToken, retrieval } = this.#options.prices;
    await this.#reserve(tokens, tokens * embedToken + searches * retrieval);
  }

  /** Before a target LM is asked. Throws as `open` does; the tally is to be told what it answers. */
  async reserveGeneration(target: TargetLm, request: GenerateRequest): Promise<GenerationTally> {
    const most = mostTokens(target, request);
    await this.#reserve(most.prompt + most.completion, generationCost(this.#options.prices, target.name, most));
    const tally = new GenerationTally(target, request);
    this.counts.addGeneration(tally);
    return tally;
  }

  /** Ends the request; what comes after changes nothing. Resolves when the ledger has heard of it, and never rejects. */
  async settle(ending: MeteredEnding): Promise<void> {
    if (!this.#isSettled) {
      this.#isSettled = true;
      await this.#settleOnce(ending);
      this.#finished.resolve();
    }
    await this.finished;
  }

  async #settleOnce({ outcome, status, errorCode }: MeteredEnding): Promise<void> {
    this.#stopOpening();
    this.#heartbeat.stop();
    const { ledger, subject } = this.#options;
    const ending: UsageEnding = { ...this.#snapshot(), outcome, status, errorCode: errorCode ?? null };
    this.#options.onEnd(ending);
    await this.#opened?.catch(() => undefined);
    const attempt = (): Promise<void> => askLedger(() => ledger.settle(subject, ending));
    // Given up, the request is lost after a while, counted as far as it was renewed.
    await withRetry(attempt, { signal: AbortSignal.timeout(BEAT_MILLISECONDS) }).catch(() => undefined);
  }

  #renew(): void {
    const { ledger, subject } = this.#options;
    const sofar: UsageEnding = { ...this.#snapshot(), outcome: "lost", status: 0, errorCode: null };
    askLedger(() => ledger.renew(subject.id, sofar)).catch(() => undefined);
  }

  async #reserve(tokens: number, nanoUsd: number): Promise<void> {
    const { ledger, subject } = this.#options;
    const { limits, budget } = this.#allowance;
    const { concurrentStreams, tokensPerMinute } = limits;
    const isWatched =
      [tokensPerMinute, budget.tokens, budget.nanoUsd].some((limit) => limit !== undefined) ||
      (this.#isStream && concurrentStreams !== undefined);
    const wanted = { tokens, nanoUsd, stream: this.#isStream };
    if (this.#isUnlimited) {
      return;
    }
    if (this.#opened === undefined) {
      await this.#admit(isWatched ? wanted : undefined);
      return;
    }
    await this.#opened;
    if (isWatched) {
      const reservation = { id: subject.id, allowance: this.#allowance, ...wanted };
      this.#accept(await askLedger(() => ledger.reserve(reservation)));
    }
  }

  /** Tells the ledger of the request, once. */
  #open(first?: Wanted): Promise<Admission> {
    const { ledger, subject } = this.#options;
    this.#stopOpening();
    const opening = askLedger(() => ledger.open(subject, this.#allowance, first));
    this.#opened = opening;
    // Whoever waits for it meets its failure; nobody may.
    opening.catch(() => undefined);
    if (this.#isUnlimited) {
      this.#heartbeat.start();
    }
    return opening;
  }

  #openLater(): void {
    this.#opening = setTimeout(() => void this.#open(), UNLIMITED_SILENCE_MILLISECONDS);
  }

  #stopOpening(): void {
    if (this.#opening !== undefined) {
      clearTimeout(this.#opening);
    }
  }

  /** Opens a request that was postponed: all who wait for that are admitted or refused together. */
  #admit(first?: Wanted): Promise<void> {
    const admit = async (): Promise<void> => {
      if (this.#accept(await this.#open(first))) {
        return;
      }
      if (this.#renewAllowance !== undefined) {
        this.#allowance = await this.#renewAllowance();
        if (this.#accept(await this.#open(first))) {
          return;
        }
      }
      throw new AppError("unauthenticated", "this key has just been changed; try again", { isRetryable: true });
    };
    const admitting = admit();
    this.#opened = admitting;
    admitting.catch(() => undefined);
    return admitting;
  }

  #accept(admission: Admission): boolean {
    this.#rateState = admission.state;
    if (admission.admitted) {
      this.#heartbeat.start();
      return true;
    }
    if (admission.refusal.reason === "stale") {
      return false;
    }
    this.#options.refusals.note(this.#options.subject.keyId);
    throw refusalError(admission.refusal);
  }

  #snapshot(): Omit<UsageEnding, "outcome" | "status" | "errorCode"> {
    const { elapsed, stages, cached } = this.#options;
    return {
      ...this.counts.snapshot(),
      model: this.#model,
      cached: cached(),
      durationMs: elapsed(),
      stages: stages(),
    };
  }
}
