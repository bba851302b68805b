import { z } from "zod";
import { AppError } from "../shared/errors.ts";

/** What a target LM's tokens cost, in thousand-millionths of a US dollar each. */
interface TokenPrices {
  readonly prompt: number;
  readonly completion: number;
}

/** PRICES, parsed. What has no price costs nothing. */
export interface Prices {
  /** By the name of the target LM in TARGET_LMS. */
  readonly models: ReadonlyMap<string, TokenPrices>;
  /** Of one search of a collection. */
  readonly retrieval: number;
  /** Of one token that the encoder reads. */
  readonly embedToken: number;
}

const MILLION = 1_000_000;
const NANO = 1_000_000_000;

const usd = z.number().min(0).max(1_000_000).default(0);
/** $0.001 per million tokens is one thousand-millionth of a dollar: what is finer cannot be counted in whole numbers. */
const usdPerMillion = usd.transform((price) => Math.round((price * NANO) / MILLION));

const pricesSchema = z
  .strictObject({
    models: z
      .record(
        z.string(),
        z
          .strictObject({ prompt_per_million: usdPerMillion, completion_per_million: usdPerMillion })
          .transform((model): TokenPrices => ({
            prompt: model.prompt_per_million,
            completion: model.completion_per_million,
          })),
      )
      .default({}),
    retrieval_per_thousand: usd.transform((price) => Math.round((price * NANO) / 1000)),
    embedding_per_million: usdPerMillion,
  })
  .transform((prices): Prices => ({
    models: new Map(Object.entries(prices.models)),
    retrieval: prices.retrieval_per_thousand,
    embedToken: prices.embedding_per_million,
  }));

/**
 * Parses the variable PRICES (JSON, US dollars). Throws `configuration_invalid` that names the field, or the model that is
 * not among `models`: its price would never be asked for.
 */
export function parsePrices(text: string | undefined, models: { has(name: string): boolean }): Prices {
  let json: unknown;
  try {
    json = JSON.parse(text ?? "{}");
  } catch {
    throw new AppError("configuration_invalid", "PRICES is not JSON; expected an object of prices in US dollars");
  }
  const parsed = pricesSchema.safeParse(json);
  if (!parsed.success) {
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "(root)"}: ${message}`);
    throw new AppError("configuration_invalid", `PRICES: ${problems.join("; ")}`);
  }
  const unknown = [...parsed.data.models.keys()].find((name) => !models.has(name));
  if (unknown !== undefined) {
    throw new AppError("configuration_invalid", `PRICES: models.${unknown} is not a model of TARGET_LMS`);
  }
  return parsed.data;
}

/** Cost of a target LM's tokens, in thousand-millionths of a US dollar. */
export function generationCost(
  { models }: Prices,
  target: string,
  tokens: { readonly prompt: number; readonly completion: number },
): number {
  const price = models.get(target) ?? { prompt: 0, completion: 0 };
  return price.prompt * tokens.prompt + price.completion * tokens.completion;
}
