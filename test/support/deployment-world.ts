import { copyFile, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { deploy } from "../../training/deployment/deploy.ts";
import type { DeploymentReport } from "../../training/deployment/deploy.ts";
import type { DeploymentContext } from "../../training/deployment/deployment-step.ts";
import { DEPLOYMENT_STEPS } from "../../training/deployment/steps.ts";
import { readDeployedConfiguration } from "../../training/wrangler/deployed-configuration.ts";
import type { CreateWranglerOptions, Wrangler } from "../../training/wrangler/wrangler.ts";
import { createWrangler } from "../../training/wrangler/wrangler.ts";
import { runFakeWrangler } from "./fake-account.ts";
import type { FakeAccount, FakeCall } from "./fake-account.ts";
import { temporaryFolder } from "./temporary-folder.ts";

const PROJECT = path.resolve(import.meta.dirname, "../..");
export const ACCOUNT_ID = "0123456789abcdef0123456789abcdef";
const ADMIN_KEY = "an-operators-key";

const EMPTY_ACCOUNT: FakeAccount = {
  accounts: [{ id: ACCOUNT_ID, name: "Acme" }],
  failures: [],
  indexes: [],
  databases: [],
  migrated: [],
  buckets: [],
  queues: [],
};

export interface DeploymentWorld {
  readonly folder: string;
  /** `wrangler.toml`, this project's as it came unless a test changes it. */
  readonly configurationFile: string;
  /** A file with all the secrets that the Worker wants. */
  readonly secretsFile: string;
  /** Lines of the log and warnings, of all runs. */
  readonly said: string[];
  /** wrangler over the stand-in. */
  readonly wrangler: Wrangler;
  /** One run of all steps. */
  readonly run: (given?: Partial<DeploymentContext>) => Promise<DeploymentReport>;
  readonly account: () => Promise<FakeAccount>;
  readonly changeAccount: (change: Partial<FakeAccount>) => Promise<void>;
  /** Every wrangler command so far. */
  readonly calls: () => Promise<readonly FakeCall[]>;
}

/** A folder with this project's wrangler.toml, a stand-in for wrangler with an account of its own, and a Worker that answers. */
export async function deploymentWorld(
  onTestFinished: (cleanUp: () => Promise<void>) => void,
  given: Partial<FakeAccount> = {},
): Promise<DeploymentWorld> {
  const folder = await temporaryFolder(onTestFinished);
  const configurationFile = path.join(folder, "wrangler.toml");
  const secretsFile = path.join(folder, ".prod.vars");
  const accountFile = path.join(folder, "fake-account.json");
  const said: string[] = [];
  const account = async (): Promise<FakeAccount> => JSON.parse(await readFile(accountFile, "utf8")) as FakeAccount;
  const execute: CreateWranglerOptions["execute"] = (execution) => Promise.resolve(runFakeWrangler(execution));
  const changeAccount = async (change: Partial<FakeAccount>): Promise<void> => {
    await writeFile(accountFile, JSON.stringify({ ...(await account()), ...change }));
  };
  await copyFile(path.join(PROJECT, "wrangler.toml"), configurationFile);
  await writeFile(secretsFile, "ADMIN_KEY=the-secret-value\n");
  await writeFile(accountFile, JSON.stringify({ ...EMPTY_ACCOUNT, ...given }));
  return {
    folder,
    configurationFile,
    secretsFile,
    said,
    account,
    changeAccount,
    calls: async () => {
      const lines = await readFile(path.join(folder, "calls.jsonl"), "utf8").catch(() => "");
      return lines.split("\n").flatMap((line) => (line === "" ? [] : (JSON.parse(line) as FakeCall)));
    },
    wrangler: createWrangler({ folder, execute, account: () => undefined, signal: new AbortController().signal }),
    run: async (given = {}) => {
      const state = { accountId: undefined, url: undefined } as DeploymentContext["state"];
      const { signal } = new AbortController();
      return await deploy({
        steps: DEPLOYMENT_STEPS,
        wrangler: createWrangler({
          folder,
          execute,
          account: () => state.accountId,
          signal,
        }),
        isDry: false,
        configuration: await readDeployedConfiguration(configurationFile),
        state,
        wantedAccount: undefined,
        secretsFile,
        adminKey: ADMIN_KEY,
        fetch: answeringWorker,
        warn: (message) => said.push(message),
        log: (line) => said.push(line),
        sleep: () => Promise.resolve(),
        signal,
        ...given,
      });
    },
  };
}

/** A Worker in production without a collection. */
const answeringWorker: typeof fetch = (input) => {
  const { pathname } = new URL(new Request(input).url);
  return Promise.resolve(
    Response.json(
      pathname === "/health"
        ? {
            mode: "production",
            encoder: { name: "tiny" },
            default_collection: { name: "docs", exists: false },
            warnings: [],
          }
        : { data: [{ embedding: [1, 0] }] },
    ),
  );
};
