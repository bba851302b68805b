/** `npm start`: the whole thing on this machine, with the demo corpus. See HELP. */
import { existsSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import type { UploadResult } from "../training/indexing/upload-collection.ts";
import { DEMO_COLLECTION, findDemoDrift, writeDemoCorpus } from "./demo-corpus/demo-data.ts";
import { uploadDemo } from "./demo-corpus/upload-demo.ts";
import { applyMigrations } from "./local-worker/apply-migrations.ts";
import { findFreePort, isPortFree } from "./local-worker/free-port.ts";
import { startWranglerDev } from "./local-worker/wrangler-dev.ts";
import type { LocalWorker } from "./local-worker/wrangler-dev.ts";
import { readSecrets } from "./start/read-secrets.ts";
import type { Secrets } from "./start/read-secrets.ts";
import { StartError } from "./start/start-error.ts";
import { createSteps, seconds } from "./start/steps.ts";
import { warmUp } from "./start/warm-up.ts";
import { whenOrphaned } from "./start/when-orphaned.ts";

const DEFAULT_PORT = 8787;

const HELP = `Usage: npm start -- [options]

Runs the Worker on this machine with the World Factbook as its collection. Needs no account, no key and no network.
What it stores is kept for the next start; delete .wrangler/state to begin anew.

Options:
  --port <number>   port to listen on (default: ${DEFAULT_PORT}, or the next one that is free)
  --state <folder>  where to store D1 and the vectors (default: .wrangler/state)
  --secrets <file>  keys and other secrets, lines NAME=value (default: .dev.vars, if there is one)
  --verbose         show what wrangler and the Worker log
  --help            show this help
`;

interface StartOptions {
  readonly port: number | undefined;
  readonly state: string;
  readonly secrets: string | undefined;
  readonly verbose: boolean;
}

function readOptions(): StartOptions | undefined {
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        port: { type: "string" },
        state: { type: "string", default: path.join(".wrangler", "state") },
        secrets: { type: "string" },
        verbose: { type: "boolean", default: false },
        help: { type: "boolean", short: "h", default: false },
      },
    }));
  } catch (error) {
    throw new StartError(error instanceof Error ? error.message : String(error), HELP);
  }
  if (values.help) {
    return undefined;
  }
  const port = values.port === undefined ? undefined : Number(values.port);
  if (port !== undefined && !(Number.isInteger(port) && port > 0 && port < 65_536)) {
    throw new StartError(
      `--port ${values.port} is no port`,
      "Give a number from 1 to 65535, as in: npm start -- --port 9000",
    );
  }
  const { state, verbose } = values;
  if (values.secrets !== undefined && !existsSync(values.secrets)) {
    throw new StartError(`--secrets ${values.secrets}: there is no such file`, "Give a file of lines NAME=value.");
  }
  const secrets = values.secrets ?? (existsSync(".dev.vars") ? ".dev.vars" : undefined);
  return { port, state, secrets, verbose };
}

async function choosePort(wanted: number | undefined): Promise<number> {
  if (wanted === undefined) {
    return await findFreePort(DEFAULT_PORT);
  }
  if (await isPortFree(wanted)) {
    return wanted;
  }
  throw new StartError(
    `port ${wanted} is in use`,
    `Stop what listens there, or give another: npm start -- --port ${wanted === 65_535 ? DEFAULT_PORT : wanted + 1}`,
  );
}

async function start({ port: wanted, state, secrets, verbose }: StartOptions): Promise<void> {
  const startedAt = performance.now();
  let isReady = false;
  const told = whenTold(() => isReady);
  const steps = createSteps(process.stdout);
  console.log("\nStarting on this machine: no account, no key, no network.\n");
  const port = await choosePort(wanted);
  const keys: Secrets = secrets === undefined ? { adminKey: undefined, apiKey: undefined } : readSecrets(secrets);

  // Two programs of wrangler's, neither of which needs the other: together they keep two cores busy.
  const migrating = applyMigrations({ persistTo: state });
  const starting = startWranglerDev({
    port,
    persistTo: state,
    ...(secrets === undefined ? {} : { secrets }),
    ...(verbose ? { onLine: (line) => console.log(`    ${line}`) } : {}),
  });
  // Whichever fails first is reported; the other must not surface as an unhandled rejection.
  migrating.catch(() => undefined);
  starting.catch(() => undefined);

  const corpus = await steps.run(
    "Corpus",
    () => writeDemoCorpus(path.join(state, "demo")),
    ({ count }) => `${count.toLocaleString("en")} passages of the World Factbook`,
  );
  const drift = await findDemoDrift(corpus.sha256);
  if (drift !== undefined) {
    throw new StartError(
      `the demo's vectors do not fit: ${drift}`,
      "Make them again (a few minutes): npm run build:demo",
    );
  }
  await steps.run(
    "Database",
    () => migrating,
    () => "D1, migrated",
  );
  const worker = await steps.run(
    "Worker",
    () => starting,
    ({ url }) => `${url}, in workerd`,
  );
  await steps.run(
    "Upload",
    () =>
      uploadDemo({
        url: worker.url,
        adminKey: keys.adminKey,
        corpus: corpus.file,
        receipt: path.join(state, "demo-receipt.jsonl"),
      }),
    describeUpload,
  );
  await steps.run(
    "Encoder",
    () => warmUp({ url: worker.url, collection: DEMO_COLLECTION, apiKey: keys.apiKey }),
    (summary) => summary,
  );
  isReady = true;
  console.log(`\nReady in ${seconds(performance.now() - startedAt)}.\n`);
  printUse(worker.url, keys, secrets ?? "");
  await runUntilStopped(worker, told);
}

function describeUpload({ uploaded, passageCount }: UploadResult): string {
  const passages = `${passageCount.toLocaleString("en")} passages with their vectors`;
  return uploaded === 0 ? `${passages}, still there` : passages;
}

/** What to do next. A key is never printed: terminals are shared and recorded. */
function printUse(url: string, { apiKey }: Secrets, secrets: string): void {
  const body = { stream: true, messages: [{ role: "user", content: "Which country has the longest coastline?" }] };
  const header = apiKey === undefined ? "" : ` -H "authorization: Bearer $AAR_API_KEY"`;
  const how = apiKey === undefined ? "" : `, with AAR_API_KEY set to a key of API_KEYS in ${secrets}`;
  console.log(`  Playground   ${url}
  From a shell, streamed${how}:

curl -N ${url}/v1/chat/completions${header} -d '${JSON.stringify(body)}'

Ctrl-C stops it.`);
}

async function runUntilStopped(worker: LocalWorker, told: Promise<void>): Promise<void> {
  const reason = await Promise.race([told, worker.ended]);
  if (reason !== undefined) {
    throw new StartError(`the Worker ended by itself: ${reason}`, "Start again with --verbose to see its log.");
  }
  console.log("\nStopping…");
  await worker.stop();
}

/**
 * Resolves at Ctrl-C, a polite kill, or when the npm that started us is gone. Before the Worker runs there is nothing to save:
 * `isReady` false exits at once.
 */
function whenTold(isReady: () => boolean): Promise<void> {
  return new Promise((resolve) => {
    const end = (): void => {
      if (!isReady()) {
        process.exit(130);
      }
      resolve();
    };
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
      process.on(signal, end);
    }
    if (process.env["npm_lifecycle_event"] !== undefined) {
      void whenOrphaned().then(end);
    }
  });
}

try {
  const options = readOptions();
  if (options === undefined) {
    console.log(HELP);
  } else {
    await start(options);
  }
  process.exit(0);
} catch (error) {
  console.error(`\n${error instanceof Error ? error.message : String(error)}`);
  if (error instanceof StartError) {
    console.error(error.advice);
  }
  process.exit(1);
}
