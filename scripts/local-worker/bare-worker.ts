import { readdir } from "node:fs/promises";
import path from "node:path";
import { convertV4MiniflareOptions, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions as miniflareOptionsOf, unstable_readConfig as readConfig } from "wrangler";

const CONFIG = "wrangler.toml";

export interface BareWorkerOptions {
  /** Variables and secrets, put over those of wrangler.toml. */
  readonly vars: Readonly<Record<string, string>>;
  /** Default: no inspector. */
  readonly inspectorPort?: number;
  /** Lines that the Worker prints. Default: dropped, a line a request and more belongs to nobody. */
  readonly onLine?: (line: string) => void;
}

export interface StartBareWorkerOptions extends BareWorkerOptions {
  /** Of `bundleWorker`. */
  readonly bundle: string;
  /** Where `applyMigrations` has put the database; everything else that lasts goes there too. */
  readonly persistTo: string;
}

export interface BareWorker {
  /** Without a slash at the end. */
  readonly url: string;
  stop(): Promise<void>;
}

/**
 * This project's Worker in a workerd that holds nothing else: no proxy of `wrangler dev` in front of it, so that the process's
 * memory is the Worker's. workerd is a child of this process.
 */
export async function startBareWorker(options: StartBareWorkerOptions): Promise<BareWorker> {
  const { bundle, persistTo, vars } = options;
  const { workerOptions } = miniflareOptionsOf(CONFIG);
  const wasm = (await readdir(bundle)).filter((name) => name.endsWith(".wasm"));
  return await start({
    ...workerOptions,
    name: "aar",
    bindings: { ...readConfig({ config: CONFIG }).vars, ...vars },
    modulesRoot: bundle,
    modules: [
      { type: "ESModule", path: path.join(bundle, "index.js") },
      ...wasm.map((name) => ({ type: "CompiledWasm" as const, path: path.join(bundle, name) })),
    ],
    // wrangler's own folder, of which `--persist-to` is the parent.
    resourcePersistencePath: path.join(path.resolve(persistTo), "v3"),
    ...runtimeOptions(options),
  });
}

/** A Worker of one module, in a workerd set up in the same way. */
export async function startScriptWorker(script: string, options: BareWorkerOptions): Promise<BareWorker> {
  const { compatibility_date: date = "", compatibility_flags: flags } = readConfig({ config: CONFIG });
  return await start({
    name: "peer",
    compatibilityDate: date,
    compatibilityFlags: flags,
    bindings: options.vars,
    modules: true,
    script,
    ...runtimeOptions(options),
  });
}

function runtimeOptions({ inspectorPort, onLine = () => undefined }: BareWorkerOptions): object {
  return {
    ...(inspectorPort === undefined ? {} : { inspectorPort }),
    handleStructuredLogs: ({ message }: { readonly message: string }) => onLine(message),
  };
}

async function start(options: Parameters<typeof convertV4MiniflareOptions>[0]): Promise<BareWorker> {
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      ...options,
      host: "127.0.0.1",
      port: 0,
      cf: false,
    }),
  );
  const { origin } = await miniflare.ready;
  return { url: origin, stop: () => miniflare.dispose() };
}
