import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { sha256Hex } from "../artifacts/meta.ts";
import { importCollection } from "../backup/import-collection.ts";
import { defineCommand, UsageError } from "../define-command.ts";
import { workerFlags } from "./worker-flags.ts";

/** `aar import`: see the description below. */
export const importCommand = defineCommand({
  summary: "a folder of `export` -> a Worker's collection, checked before and after; resumable",
  description: `Checks the sha256 of every file, creates the collection, sends passages, documents and vectors, and reads all of it back.
Nothing is encoded, so it costs no tokens. A killed run goes on where it was. What the collection has beyond the backup stays.
A collection of the backup's encoder can be queried by a Worker with that encoder only. The key is read from AAR_ADMIN_KEY.`,
  examples: [
    "import backups/docs-2026-11-26 --url https://aar.example.workers.dev",
    "import backups/docs-2026-11-26 --url http://localhost:8787 --collection docs-copy",
  ],
  options: z.strictObject({
    backup: z.string().optional().meta({ placeholder: "dir", description: "output of `export`; also as a plain word" }),
    url: workerFlags.url,
    collection: z.string().optional().meta({ placeholder: "name", description: "default: as in the backup" }),
    verify: z.boolean().default(true).describe("do not read it back"),
  }),
  argument: "backup",
  async run({ backup, url, collection, verify }, { print, log, progress, env, signal }) {
    if (backup === undefined) {
      throw new UsageError("which backup? import FOLDER, or --backup FOLDER");
    }
    const result = await importCollection({
      url,
      adminKey: env["AAR_ADMIN_KEY"] === "" ? undefined : env["AAR_ADMIN_KEY"],
      backup,
      collection,
      receipt: (name) =>
        path.join(".aar/imports", `${sha256Hex(JSON.stringify([url, name, path.resolve(backup)])).slice(0, 16)}.jsonl`),
      isVerified: verify,
      fetch: globalThis.fetch,
      log,
      progress,
      sleep: (milliseconds) => sleep(milliseconds, undefined, { signal }),
      signal,
    });
    print(JSON.stringify(result, undefined, 2));
  },
});
