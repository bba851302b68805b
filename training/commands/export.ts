import { z } from "zod";
import { exportCollection } from "../backup/export-collection.ts";
import { defineCommand } from "../define-command.ts";
import { openAdminClient, workerFlags } from "./worker-flags.ts";

/** `aar export`: see the description below. */
export const exportCommand = defineCommand({
  summary: "a Worker's collection -> a folder: text, metadata, vectors, documents, checksums; resumable",
  description: `A backup, through the admin routes of a Worker, local or in production. The folder gets
  corpus.jsonl     the passages, as BEIR has them
  documents.jsonl  the ingested documents that they were cut from
  vectors.f32      their vectors (with ids.txt and vectors.meta.json, so that search, evaluate, train and upload take the folder)
  backup.json      settings, encoder fingerprint, sha256 of each file; written last

A killed run goes on where it was. Query adapters, feedback and usage are not in it. The key is read from AAR_ADMIN_KEY.`,
  examples: ["export --url https://aar.example.workers.dev --collection docs --output backups/docs-2026-11-26"],
  options: z.strictObject({
    ...workerFlags,
    output: z.string().meta({ placeholder: "dir", description: "holds no backup yet" }),
    pageSize: z.int().min(1).max(200).default(200).meta({ description: "passages of a request" }),
    allowChanges: z
      .boolean()
      .default(false)
      .describe("take what comes when the collection is written to meanwhile; default: refuse, and begin anew"),
  }),
  async run({ url, ...given }, { print, progress, env, signal }) {
    const client = openAdminClient(url, { env, signal });
    const { collection, passages, documents, isConsistent } = await exportCollection({
      ...given,
      client,
      url,
      progress,
      signal,
    });
    print(
      JSON.stringify(
        { collection: collection.name, output: given.output, passages, documents, isConsistent },
        undefined,
        2,
      ),
    );
  },
});
