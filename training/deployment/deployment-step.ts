import type { DeployedConfiguration } from "../wrangler/deployed-configuration.ts";
import type { Wrangler } from "../wrangler/wrangler.ts";

/** What a step learns or makes, for those after it. */
export interface DeploymentState {
  /** The account that wrangler works in. */
  accountId: string | undefined;
  /** Base URL of the Worker, without a slash at the end. */
  url: string | undefined;
}

export interface DeploymentContext {
  readonly wrangler: Wrangler;
  /** Nothing is changed, and what was asked for is unknown: steps then say what they would do. */
  readonly isDry: boolean;
  readonly configuration: DeployedConfiguration;
  readonly state: DeploymentState;
  /** The account that was asked for by flag or environment. */
  readonly wantedAccount: string | undefined;
  /** File of secrets to upload with the Worker, `NAME=value` lines or JSON. */
  readonly secretsFile: string | undefined;
  /** The Worker's ADMIN_KEY, for the query after the upload. */
  readonly adminKey: string | undefined;
  readonly fetch: typeof fetch;
  /** What one should know although it went well. */
  readonly warn: (message: string) => void;
  readonly sleep: (milliseconds: number) => Promise<void>;
  readonly signal: AbortSignal;
}

/**
 * One step of a deployment. It looks before it acts and leaves alone what is there, so that a run that failed is run again
 * from its start.
 */
export interface DeploymentStep {
  /** A word or two. */
  readonly title: string;
  /** Says in a few words what is there now. Throws when a person has to decide or to mend something. */
  run(context: DeploymentContext): Promise<string>;
}
