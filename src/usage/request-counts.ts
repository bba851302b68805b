import type { GenerationTally } from "./generation-tally.ts";
import { generationCost, type Prices } from "./prices.ts";
import type { UsageCounts, UsageEnding } from "./usage-record.ts";

/** What one request has used so far; see `UsageCounts` for the units. */
export class RequestCounts {
  readonly #prices: Prices;
  readonly #generations: GenerationTally[] = [];
  #retrievals = 0;
  #embedTokens = 0;
  #vectorsQueried = 0;
  #contextTokens = 0;

  constructor(prices: Prices) {
    this.#prices = prices;
  }

  addContext(tokens: number): void {
    this.#contextTokens += tokens;
  }

  addRetrieval({
    embedTokens,
    vectorsQueried,
  }: {
    readonly embedTokens: number;
    readonly vectorsQueried: number;
  }): void {
    this.#retrievals++;
    this.#embedTokens += embedTokens;
    this.#vectorsQueried += vectorsQueried;
  }

  addEmbedding(tokens: number): void {
    this.#embedTokens += tokens;
  }

  /** Counted with what the tally has been told by the time that it is asked. */
  addGeneration(tally: GenerationTally): void {
    this.#generations.push(tally);
  }

  /** The counts as they stand, who answered last, and who counted the answers' tokens. */
  snapshot(): Pick<UsageEnding, "counts" | "target" | "countedBy"> {
    const { embedToken, retrieval } = this.#prices;
    const asked = this.#generations.map((tally) => ({ target: tally.target, tokens: tally.tokens() }));
    const answered = asked.filter(({ tokens }) => tokens.prompt + tokens.completion > 0);
    const generationNanoUsd = asked.reduce(
      (sum, { target, tokens }) => sum + generationCost(this.#prices, target, tokens),
      0,
    );
    const counts: UsageCounts = {
      retrievals: this.#retrievals,
      embedTokens: this.#embedTokens,
      vectorsQueried: this.#vectorsQueried,
      contextTokens: this.#contextTokens,
      promptTokens: answered.reduce((sum, { tokens }) => sum + tokens.prompt, 0),
      completionTokens: answered.reduce((sum, { tokens }) => sum + tokens.completion, 0),
      nanoUsd: generationNanoUsd + this.#embedTokens * embedToken + this.#retrievals * retrieval,
    };
    return {
      counts,
      target: answered.at(-1)?.target ?? null,
      countedBy: answered.length === 0 ? null : answered.every(({ tokens }) => tokens.isTold) ? "provider" : "estimate",
    };
  }
}
