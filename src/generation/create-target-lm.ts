import { AppError } from "../shared/errors.ts";
import { createAnthropic } from "./anthropic.ts";
import type { CircuitBreakers } from "./circuit-breakers.ts";
import { createExtractive } from "./extractive.ts";
import { guardedTargetLm } from "./guarded-target-lm.ts";
import { createOpenAiCompatible } from "./openai-compatible.ts";
import type { TargetLmConfiguration, TargetLmProvider, TargetLmTable } from "./target-lm-configuration.ts";
import type { TargetLm, TargetLmDependencies } from "./target-lm.ts";
import { createWorkersAi } from "./workers-ai.ts";

type Factory<Provider extends TargetLmProvider> = (
  name: string,
  configuration: TargetLmConfiguration<Provider>,
  dependencies: TargetLmDependencies,
) => TargetLm;

/** Every provider: its own file and one line here. */
const factories: { readonly [Provider in TargetLmProvider]: Factory<Provider> } = {
  anthropic: createAnthropic,
  extractive: createExtractive,
  "openai-compatible": createOpenAiCompatible,
  "workers-ai": createWorkersAi,
};

/** Builds the target LM of one entry of TARGET_LMS. No request is made and no secret is read before `generate`. */
export function createTargetLm(
  name: string,
  configuration: TargetLmConfiguration,
  dependencies: TargetLmDependencies,
): TargetLm {
  // The registry's type pairs each provider with the factory of its own settings; TypeScript cannot follow the pair.
  const factory = factories[configuration.provider] as Factory<TargetLmProvider>;
  const target = factory(name, configuration, dependencies);
  const { hedgeAfterMs } = configuration;
  return hedgeAfterMs === undefined ? target : { ...target, hedgeAfterMs };
}

export interface TargetLmChainDependencies extends TargetLmDependencies {
  readonly breakers: CircuitBreakers;
}

/**
 * The model a client asked for, then its fallbacks in order, each behind its circuit breaker. Throws `unknown_model`, naming
 * the models there are.
 */
export function createTargetLmChain(
  name: string,
  table: TargetLmTable,
  dependencies: TargetLmChainDependencies,
): readonly [TargetLm, ...TargetLm[]] {
  const configuration = table.get(name);
  if (configuration === undefined) {
    const known = [...table.keys()].map((model) => `"${model}"`).join(", ");
    throw new AppError("unknown_model", `no model named "${name.slice(0, 128)}"; there are ${known || "none"}`, {
      details: { param: "model" },
    });
  }
  const fallbacks = configuration.fallbacks.flatMap((fallback) => {
    const entry = table.get(fallback);
    return entry === undefined ? [] : [createGuarded(fallback, entry, dependencies)];
  });
  return [createGuarded(name, configuration, dependencies), ...fallbacks];
}

function createGuarded(
  name: string,
  configuration: TargetLmConfiguration,
  dependencies: TargetLmChainDependencies,
): TargetLm {
  const target = createTargetLm(name, configuration, dependencies);
  const settings = "circuitBreaker" in configuration && configuration.circuitBreaker;
  return settings === false ? target : guardedTargetLm(target, dependencies.breakers.of(name, settings));
}
