import type { DeployedConfiguration } from "../wrangler/deployed-configuration.ts";
import type { Wrangler } from "../wrangler/wrangler.ts";
import type { CollectionSummary, Health, WorkerInventory } from "./worker-facts.ts";

export type FindingStatus = "ok" | "warn" | "fail";

/** What a check saw. */
export interface Finding {
  readonly status: FindingStatus;
  /** One line: what is, and what was expected. */
  readonly detail: string;
  /** What to do; left out when nothing is. */
  readonly advice?: string;
}

/** What checks look at. Each is asked for once, and throws what asking throws. */
export interface DoctorContext {
  /** Of `wrangler.toml`. */
  readonly configurationFile: string;
  readonly configuration: () => Promise<DeployedConfiguration>;
  /** Folder of the static assets. */
  readonly assets: string;
  /** Base URL of the Worker. */
  readonly url: string;
  readonly health: () => Promise<Health>;
  readonly inventory: () => Promise<WorkerInventory>;
  readonly collections: () => Promise<readonly CollectionSummary[]>;
  readonly wrangler: Wrangler;
}

/** What a check needs: this folder, a Worker that answers, an account that wrangler is logged in to. */
export type CheckScope = "project" | "worker" | "account";

export interface DoctorCheck {
  readonly name: string;
  readonly scope: CheckScope;
  /** What it throws is a failed check. */
  run(context: DoctorContext): Promise<Finding | readonly Finding[]>;
}

export function ok(detail: string): Finding {
  return { status: "ok", detail };
}

/** Of a share of a limit: fine, near, or reached. `advice` is what to do before it is reached. */
export function nearLimit(
  used: number,
  limit: number,
  { what, advice, warnAt = 0.8 }: { readonly what: string; readonly advice: string; readonly warnAt?: number },
): Finding {
  const share = used / limit;
  const detail = `${what}: ${used.toLocaleString("en")} of ${limit.toLocaleString("en")} (${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %)`;
  return share < warnAt ? ok(detail) : { status: share >= 1 ? "fail" : "warn", detail, advice };
}
