import { cloudflareTest, type D1Migration, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { unstable_readConfig as readWranglerConfig } from "wrangler";

declare module "vitest" {
  export interface ProvidedContext {
    d1Migrations: D1Migration[];
  }
}

const wrangler = { configPath: "./wrangler.toml" };
/** Over those of the developer's `.dev.vars`, which the plugin reads too: tests run as in a fresh clone. */
const bindings = { ...readWranglerConfig({ config: wrangler.configPath }).vars, API_KEYS: "", ADMIN_KEY: "" };

/** vitest keeps one core for itself: of two cores that is half, although vitest itself is idle for most of a run. */
const MAX_WORKERS = "100%";

/** Three projects: Node for pure parts, workerd (real runtime, D1, Durable Objects) for the Worker, e2e for a running server. */
export default defineConfig({
  test: {
    reporters: ["default", "./test/support/closing-line-reporter.ts"],
    projects: [
      { test: { name: "unit", include: ["test/unit/**/*.test.ts"], testTimeout: 30_000, maxWorkers: MAX_WORKERS } },
      {
        plugins: [cloudflareTest({ wrangler, remoteBindings: false, miniflare: { bindings } })],
        test: {
          name: "worker",
          include: ["test/worker/**/*.test.ts"],
          testTimeout: 60_000,
          maxWorkers: MAX_WORKERS,
          // Every test file starts with the Worker's own migrations applied to its D1.
          provide: { d1Migrations: await readD1Migrations("./src/platform/migrations") },
          setupFiles: ["./test/worker/apply-migrations.ts"],
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          // One Worker with the demo's collection for all of them.
          globalSetup: ["./test/support/demo-worker-setup.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
