/** Is what the running Worker finds what was evaluated offline? See HELP. */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { applyMigrations } from "../local-worker/apply-migrations.ts";
import { findFreePort } from "../local-worker/free-port.ts";
import { startWranglerDev } from "../local-worker/wrangler-dev.ts";
import { compareOnDataset, type Comparison } from "./worker-retrieval-quality/compare-on-dataset.ts";

const HELP = `Usage: node scripts/check/worker-retrieval-quality.ts [--data <dir>]... [--split test] [--runtime node|web] [--json]

Uploads BEIR-style folders to a Worker of its own, asks it every question of the split in each mode, and compares nDCG@10
with the offline evaluation of the same encoder. Fails when a mode differs in the third digit. Takes some minutes; the
passages' vectors are cached in .aar/cache, where \`npm run aar -- evaluate\` finds them too.

  --data      folder; may be repeated. Default: nfcorpus and fairytaleqa of AAR_SHARED_DIR or ../shared, when there
  --runtime   engine of the offline queries: web (default: what serves, to the last bit) or node (fast; its int8 kernels
              round differently, by machine)
`;

/** "Equal to three digits". */
const TOLERANCE = 0.0005;
const PORT = 28_600;

const { values } = parseArgs({
  options: {
    data: { type: "string", multiple: true },
    split: { type: "string", default: "test" },
    runtime: { type: "string", default: "web" },
    json: { type: "boolean", default: false },
    help: { type: "boolean", short: "h", default: false },
  },
});

function dataFolders(): string[] {
  if (values.data !== undefined) {
    return values.data;
  }
  const shared = process.env["AAR_SHARED_DIR"] ?? path.resolve(import.meta.dirname, "../../../shared");
  const folders = ["nfcorpus", "fairytaleqa"].map((name) => path.join(shared, "data", name));
  return folders.filter((folder) => existsSync(folder));
}

async function check(folders: readonly string[]): Promise<Comparison[]> {
  const persistTo = await mkdtemp(path.join(tmpdir(), "aar-quality-"));
  await applyMigrations({ persistTo });
  const worker = await startWranglerDev({ port: await findFreePort(PORT), persistTo });
  try {
    const comparisons: Comparison[] = [];
    for (const data of folders) {
      const options = {
        data,
        split: values.split,
        url: worker.url,
        runtime: values.runtime === "node" ? "node" : "web",
      } as const;
      comparisons.push(...(await compareOnDataset(options)));
    }
    return comparisons;
  } finally {
    await worker.stop();
    await rm(persistTo, { recursive: true, force: true });
  }
}

const folders = dataFolders();
if (values.help) {
  console.log(HELP);
} else if (folders.length === 0) {
  console.error("skipped: no --data was given, and there is no shared/data/nfcorpus (AAR_SHARED_DIR or ../shared)");
} else {
  const comparisons = await check(folders);
  const isEqual = comparisons.every(({ offline, worker }) => Math.abs(offline - worker) < TOLERANCE);
  if (values.json) {
    console.log(JSON.stringify({ isEqual, tolerance: TOLERANCE, comparisons }, undefined, 2));
  } else {
    for (const { dataset, mode, queries, offline, worker, sameRanking } of comparisons) {
      console.log(
        `${dataset} ${mode}: nDCG@10 ${worker.toFixed(4)} through the Worker, ${offline.toFixed(4)} offline (n=${queries}; ${sameRanking} queries with the very same ten)`,
      );
    }
    console.log(isEqual ? "equal to three digits" : "NOT equal to three digits");
  }
  process.exitCode = isEqual ? 0 : 1;
}
