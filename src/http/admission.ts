import type { MiddlewareHandler } from "hono";
import type { Configuration } from "../shared/configuration.ts";
import { AppError } from "../shared/errors.ts";
import { Authenticator, type EnvironmentKey } from "../tenancy/authenticator.ts";
import type { KeyRecord } from "../tenancy/key-store.ts";
import type { Principal } from "../tenancy/principal.ts";
import { RememberedCollections } from "../tenancy/remembered-collections.ts";
import type { Allowance } from "../usage/key-ledger.ts";
import { RefusalMemory } from "../usage/refusal-memory.ts";
import { RequestMeter } from "../usage/request-meter.ts";
import { accessOf } from "./access.ts";
import type { AppDependencies } from "./app-dependencies.ts";
import { countEnding } from "./count-ending.ts";
import type { HttpContext, HttpEnvironment } from "./http-context.ts";
import { createIdentify } from "./identify.ts";
import { admit } from "./middleware/admit.ts";
import { routeOf } from "./middleware/measure.ts";

export interface Admission {
  readonly middleware: MiddlewareHandler<HttpEnvironment>;
  /** Has to be told of every change of a key, before it is confirmed: from then on no isolate goes by what was before. */
  readonly onKeyChange: (record: KeyRecord) => Promise<void>;
}

/** Puts together who may come in: keys, their ledgers, and what they reach. */
export function createAdmission(dependencies: AppDependencies): Admission {
  const { configuration, keys, timingSafeEqual, wallClock, addressGuard, defer, ledgerOf } = dependencies;
  const authenticator = new Authenticator({
    keys,
    environmentKeys: environmentKeysOf(configuration),
    timingSafeEqual,
    now: wallClock,
  });
  const refusals = new RefusalMemory(wallClock);
  const remembered = new RememberedCollections();
  return {
    middleware: admit({
      configuration,
      identify: createIdentify({ configuration, authenticator, addressGuard }),
      forget: ({ id }) => authenticator.forget(id),
      createMeter: (c, principal) => createMeter(c, principal, { ...dependencies, refusals }),
      allowanceOf: (principal) => allowanceOf(principal, configuration),
      accessOf: (c, principal) =>
        accessOf(principal, {
          ...dependencies,
          remembered,
          meter: c.get("meter"),
          report: c.get("report"),
          remainingMs: c.get("remainingMs"),
          cacheControl: c.req.header("cache-control"),
        }),
      defer,
    }),
    onKeyChange: async ({ id, generation }) => {
      authenticator.forget(id);
      await ledgerOf(id).changed(generation);
    },
  };
}

/** Keys of the environment search and answer everywhere; the operator's does all. */
function environmentKeysOf({ apiKeys, adminKey, metricsToken }: Configuration): readonly EnvironmentKey[] {
  return [
    ...(metricsToken === undefined ? [] : [{ key: metricsToken, scopes: ["metrics"] } satisfies EnvironmentKey]),
    ...apiKeys.map((key): EnvironmentKey => ({ key, scopes: ["retrieve", "generate"] })),
    ...(adminKey === undefined ? [] : [{ key: adminKey, scopes: ["admin"] } satisfies EnvironmentKey]),
  ];
}

function allowanceOf({ id, tier, budget, generation }: Principal, { rateTiers }: Configuration): Allowance {
  const limits = rateTiers.get(tier);
  if (limits === undefined) {
    throw new AppError("configuration_invalid", `RATE_TIERS has no "${tier}", which the key ${id} is of`);
  }
  return { generation, limits, budget };
}

function createMeter(
  c: HttpContext,
  principal: Principal,
  { configuration, ledgerOf, refusals, metrics: { metrics } }: AppDependencies & { readonly refusals: RefusalMemory },
): RequestMeter {
  const { id: keyId, tenant } = principal;
  const timings = c.get("timings");
  const report = c.get("report");
  return new RequestMeter({
    ledger: ledgerOf(keyId),
    subject: {
      id: crypto.randomUUID(),
      keyId,
      tenant,
      requestId: c.get("requestId"),
      method: c.req.method,
      // Paths hold names of collections and documents; of the longest this much.
      path: c.req.path.slice(0, 256),
    },
    allowance: allowanceOf(principal, configuration),
    prices: configuration.prices,
    refusals,
    onEnd: (ending) => countEnding(metrics, { route: routeOf(c), ending }),
    cached: () => report.hits.join(","),
    elapsed: () => timings.elapsed(),
    stages: () => timings.stages(),
  });
}
