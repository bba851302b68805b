import { createTestHarness, type WorkerHandle } from "wrangler";

export interface StartWorkerOptions {
  /** TARGET_LMS; default: what wrangler.toml has. */
  readonly targetLms?: Readonly<Record<string, object>>;
  /** Variables of wrangler.toml to override. */
  readonly vars?: Readonly<Record<string, string>>;
  readonly secrets?: Readonly<Record<string, string>>;
}

export interface RunningWorker {
  /** Without a slash at the end. */
  readonly url: string;
  readonly worker: WorkerHandle;
  /** What the Worker wrote to its log, one entry a line. */
  readonly logLines: () => readonly string[];
  readonly close: () => Promise<void>;
}

/**
 * The Worker of wrangler.toml, bundled and run by workerd as `wrangler dev` runs it: on a free port, with empty storage of its
 * own, migrations applied. Needs no network.
 */
export async function startWorker({ targetLms, vars, secrets }: StartWorkerOptions = {}): Promise<RunningWorker> {
  // No usage statistics, and no request to Cloudflare for a sample `request.cf`.
  process.env["WRANGLER_SEND_METRICS"] = "false";
  process.env["CLOUDFLARE_CF_FETCH_ENABLED"] = "false";
  const harness = createTestHarness({
    root: new URL("../..", import.meta.url).pathname,
    workers: [
      {
        configPath: "./wrangler.toml",
        vars: { ...vars, ...(targetLms === undefined ? {} : { TARGET_LMS: JSON.stringify(targetLms) }) },
        secrets: { ...secrets },
      },
    ],
  });
  const { url } = await harness.listen();
  const worker = harness.getWorker();
  await worker.applyD1Migrations("DB");
  return {
    url: url.origin,
    worker,
    logLines: () => harness.getLogs().map(({ message }) => message),
    close: () => harness.close(),
  };
}
