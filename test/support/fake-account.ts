import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

export interface FakeAccount {
  /** Undefined: nobody is logged in. */
  readonly accounts?: readonly { readonly id: string; readonly name: string }[];
  /** Calls that fail, once each: the beginning of their words, and what wrangler says. */
  readonly failures: { readonly call: string; readonly says: string }[];
  readonly indexes: {
    readonly name: string;
    readonly config: { readonly dimensions: number; readonly metric: string };
    readonly metadata: { readonly propertyName: string; readonly indexType: string }[];
    readonly vectorCount: number;
  }[];
  readonly databases: { readonly uuid: string; readonly name: string }[];
  migrated: string[];
  readonly buckets: string[];
  readonly queues: string[];
  /** Undefined: the Worker was never uploaded. */
  secrets?: string[];
}

export interface FakeCall {
  readonly args: readonly string[];
  readonly account: string | undefined;
}

const FILE = "fake-account.json";

class Refusal extends Error {}

/** Where it runs: its folder, and the file that wrangler's events go to. */
interface Place {
  readonly folder: string;
  readonly eventsFile: string;
}

type Command = (rest: readonly string[], account: FakeAccount, place: Place) => string;

/** By their first words. */
const COMMANDS: Readonly<Record<string, Command>> = {
  whoami: (_rest, { accounts }) => {
    if (accounts === undefined) {
      throw new Refusal('{"loggedIn":false}');
    }
    return JSON.stringify({ loggedIn: true, accounts });
  },
  "vectorize list": (_rest, { indexes }) => JSON.stringify(indexes),
  "vectorize create": ([name = "", dimensions, metric], { indexes }) => {
    refuseSecond(indexes, name);
    const config = { dimensions: Number(valueOf(dimensions)), metric: valueOf(metric) };
    indexes.push({ name, config, metadata: [], vectorCount: 0 });
    return `✅ Successfully created a new Vectorize index: '${name}'`;
  },
  "vectorize list-metadata-index": ([name], account) => JSON.stringify(indexOf(account, name).metadata),
  "vectorize create-metadata-index": ([name, property, type], account) => {
    // The API answers with capitals, whatever was sent.
    const indexType = valueOf(type).replace(/^./u, (letter) => letter.toUpperCase());
    indexOf(account, name).metadata.push({ propertyName: valueOf(property), indexType });
    return "✅ Successfully enqueued metadata index creation request. Mutation changeset identifier: 1.";
  },
  "vectorize info": ([name], account) => JSON.stringify({ dimensions: 384, ...indexOf(account, name) }),
  "d1 list": (_rest, { databases }) => JSON.stringify(databases),
  "d1 create": ([name = ""], { databases }) => {
    refuseSecond(databases, name);
    databases.push({ uuid: `00000000-0000-4000-8000-00000000000${databases.length + 1}`, name });
    return `✅ Successfully created DB '${name}'`;
  },
  "d1 migrations apply": ([name = ""], account, { folder }) => {
    const id = /database_id = "([^"]*)"/gu;
    const written = [...readFileSync(path.join(folder, "wrangler.toml"), "utf8").matchAll(id)].map(([, uuid]) => uuid);
    if (!account.databases.some((database) => database.name === name && written.includes(database.uuid))) {
      throw new Refusal(`✘ [ERROR] The database id in wrangler.toml is not that of "${name}"`);
    }
    account.migrated = [...new Set([...account.migrated, name])];
    return "✅ No migrations to apply!";
  },
  "d1 migrations list": ([name = ""], { migrated }) =>
    migrated.includes(name) ? "✅ No migrations to apply!" : "Migrations to be applied:\n│ 0001_passages.sql │",
  "r2 bucket info": ([name = ""], { buckets }) => {
    if (!buckets.includes(name)) {
      throw new Refusal(
        `✘ [ERROR] A request to the Cloudflare API (/accounts/1/r2/buckets/${name}) failed.\n\n  The specified bucket does not exist. [code: 10006]`,
      );
    }
    return JSON.stringify({ name });
  },
  "r2 bucket create": ([name = ""], { buckets }) => {
    buckets.push(name);
    return `✅ Created bucket '${name}'`;
  },
  "queues info": ([name = ""], { queues }) => {
    if (!queues.includes(name)) {
      throw new Refusal(`✘ [ERROR] Queue "${name}" does not exist. To create it, run: wrangler queues create ${name}`);
    }
    return `Queue Name: ${name}`;
  },
  "queues create": ([name = ""], { queues }) => {
    queues.push(name);
    return `✅ Created queue '${name}'`;
  },
  "secret list": (_rest, { secrets }) => {
    if (secrets === undefined) {
      throw new Refusal('✘ [ERROR] Worker "aar" (env: production) not found.\n\nIf this is a new Worker, …');
    }
    return JSON.stringify(
      secrets.map((name) => ({ name, type: "secret_text" })),
      undefined,
      "  ",
    );
  },
  deploy: (rest, account, { eventsFile }) => {
    const file = rest[rest.indexOf("--secrets-file") + 1];
    const given = rest.includes("--secrets-file") && file !== undefined ? readFileSync(file, "utf8").split("\n") : [];
    account.secrets = [...new Set([...(account.secrets ?? []), ...given.flatMap((line) => line.split("=")[0] || [])])];
    const event = {
      type: "deploy",
      version: 1,
      targets: ["Producer for aar-ingestion", "https://aar.someone.workers.dev"],
    };
    writeFileSync(eventsFile, `{"type":"wrangler-session"}\n${JSON.stringify(event)}\n`);
    return "Uploaded aar";
  },
};

function refuseSecond(things: readonly { readonly name: string }[], name: string): void {
  if (things.some((thing) => thing.name === name)) {
    throw new Refusal(`✘ [ERROR] "${name}" exists already`);
  }
}

function indexOf({ indexes }: FakeAccount, name: string | undefined): FakeAccount["indexes"][number] {
  const index = indexes.find((known) => known.name === name);
  if (index === undefined) {
    throw new Refusal(`✘ [ERROR] vectorize.index_not_found [code: 3000]`);
  }
  return index;
}

/** Of `--flag=value`. */
function valueOf(flag: string | undefined): string {
  return flag?.split("=")[1] ?? "";
}

export interface FakeRun {
  readonly args: readonly string[];
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

export interface FakeOutcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * What wrangler 4 does and prints, of the commands that a deployment uses: keeps an account in `fake-account.json` of the
 * folder, and appends every call to `calls.jsonl` there.
 */
export function runFakeWrangler({ args, folder, env }: FakeRun): FakeOutcome {
  const call: FakeCall = { args, account: env["CLOUDFLARE_ACCOUNT_ID"] };
  appendFileSync(path.join(folder, "calls.jsonl"), `${JSON.stringify(call)}\n`);
  const file = path.join(folder, FILE);
  const account = JSON.parse(readFileSync(file, "utf8")) as FakeAccount;
  try {
    const stdout = answer(args, account, { folder, eventsFile: env["WRANGLER_OUTPUT_FILE_PATH"] ?? "" });
    return { code: 0, stdout: `${stdout}\n`, stderr: "" };
  } catch (error) {
    if (!(error instanceof Refusal)) {
      throw error;
    }
    return { code: 1, stdout: "", stderr: `${error.message}\n` };
  } finally {
    writeFileSync(file, JSON.stringify(account));
  }
}

function answer(args: readonly string[], account: FakeAccount, place: Place): string {
  const words = `${args.join(" ")} `;
  const planned = account.failures.findIndex(({ call }) => words.startsWith(`${call} `));
  const [failure] = planned === -1 ? [] : account.failures.splice(planned, 1);
  if (failure !== undefined) {
    throw new Refusal(failure.says);
  }
  const name = Object.keys(COMMANDS).find((beginning) => words.startsWith(`${beginning} `)) ?? "";
  const command = COMMANDS[name];
  if (command === undefined) {
    throw new Refusal(`✘ [ERROR] Unknown argument: ${words}`);
  }
  return command(args.slice(name.split(" ").length), account, place);
}
