import type { TargetLmDependencies } from "../generation/target-lm.ts";
import type { VectorIndex } from "../vector-index/vector-index.ts";

/** What the runtime gives the Worker: the generated bindings, and what a deployment may or may not have. */
export interface Environment extends Omit<Env, "VECTORIZE"> {
  /** This Worker's own `EmbeddedVectorize`, or a Vectorize index: one interface. */
  readonly VECTORIZE: VectorIndex;
  /** Secrets; see `Configuration`. */
  readonly API_KEYS?: string;
  readonly ADMIN_KEY?: string;
  /** Workers AI, for target LMs of that provider. */
  readonly AI?: NonNullable<TargetLmDependencies["ai"]>;
}

/** A provider's key. Only strings: a binding of that name is no secret. */
export function readSecret(env: Environment, name: string): string | undefined {
  const value: unknown = Reflect.get(env, name);
  return typeof value === "string" && value !== "" ? value : undefined;
}
