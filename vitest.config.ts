import { availableParallelism } from "node:os";
import path from "node:path";
import { cloudflareTest, type D1Migration, readD1Migrations } from "@cloudflare/vitest-plugin";
import { defineConfig, type TestProjectInlineConfiguration } from "vitest/config";
import { unstable_readConfig as readWranglerConfig } from "wrangler";

declare module "vitest" {
  export interface ProvidedContext {
    d1Migrations: D1Migration[];
  }
}

const wrangler = { configPath: "./wrangler.toml" };
/** Over those of the developer's `.dev.vars`, which the plugin reads too: tests run as in a fresh clone. */
const bindings = { ...readWranglerConfig({ config: wrangler.configPath }).vars, API_KEYS: "", ADMIN_KEY: "" };

/** An encoder that is an ONNX graph, for tests of its engine: `http://encoder/manifest.json` and so on. */
const serviceBindings = {
  ONNX_ENCODER: { disk: { path: path.resolve("scripts/bench/edge/onnx-encoder"), writable: false } },
};

const d1Migrations = await readD1Migrations("./src/platform/migrations");

/** A project in workerd. */
function inWorkerd(test: TestProjectInlineConfiguration["test"]): TestProjectInlineConfiguration {
  return {
    plugins: [cloudflareTest({ wrangler, remoteBindings: false, miniflare: { bindings, serviceBindings } })],
    test: {
      maxWorkers: MAX_WORKERS,
      testTimeout: 60_000,
      hookTimeout: 60_000,
      // Every test file starts with empty storage and the Worker's own migrations applied to its D1.
      provide: { d1Migrations },
      setupFiles: ["./test/worker/fresh-storage.ts"],
      ...test,
    },
  };
}

/** Mostly waits, for more than a minute: beside everything else, and from the beginning, since projects go by name. */
const MOSTLY_WAITING = ["test/e2e/interrupted.test.ts"];

/**
 * vitest keeps one core for itself: of two cores that is half, although vitest itself is idle for most of a run. One more for
 * what mostly waits.
 */
const MAX_WORKERS = availableParallelism() + 1;

/** What wants an isolate that nobody has used: a workerd of its own, which costs seconds. */
const ALONE_IN_WORKERD = ["test/worker/platform/onnx-runtime-web.test.ts"];

/**
 * Node for pure parts, workerd (real runtime, D1, Durable Objects) for the Worker, e2e for a running server. Processes, and
 * what they have loaded, are shared by the files of a project: starting and loading them anew for each file takes long.
 */
export default defineConfig({
  test: {
    reporters: ["default", "./test/support/closing-line-reporter.ts"],
    projects: [
      {
        test: {
          name: "unit",
          include: ["test/unit/**/*.test.ts"],
          isolate: false,
          maxWorkers: MAX_WORKERS,
          testTimeout: 30_000,
          hookTimeout: 30_000,
        },
      },
      inWorkerd({
        name: "worker",
        include: ["test/worker/**/*.test.ts"],
        exclude: ALONE_IN_WORKERD,
        isolate: false,
      }),
      inWorkerd({ name: "worker-alone", include: ALONE_IN_WORKERD }),
      {
        test: {
          name: "e2e-waiting",
          include: MOSTLY_WAITING,
          maxWorkers: MAX_WORKERS,
          testTimeout: 240_000,
          hookTimeout: 240_000,
        },
      },
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          exclude: MOSTLY_WAITING,
          // One Worker with the demo's collection for all of them, and what others start from; made while the other projects run.
          globalSetup: ["./test/support/demo-worker-setup.ts"],
          isolate: false,
          sequence: { groupOrder: 1 },
          // Its files mostly wait for servers of their own.
          maxWorkers: 4,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
