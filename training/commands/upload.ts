import path from "node:path";
import { z } from "zod";
import { sha256Hex } from "../artifacts/meta.ts";
import { defineCommand } from "../define-command.ts";
import { checkUploadable } from "../indexing/check-uploadable.ts";
import { loadEncodedCorpus, withVectors } from "../indexing/encoded-passages.ts";
import { readFusion } from "../indexing/fusion-setting.ts";
import { MAX_PASSAGES_PER_REQUEST, uploadCollection } from "../indexing/upload-collection.ts";
import { corpusFile, corpusFlag } from "./corpus-flag.ts";

/** `aar upload`: see the description below and `uploadCollection`. */
export const uploadCommand = defineCommand({
  summary: "vectors + corpus -> a Worker's collection, local or production, resumable",
  description: `Sends passages and their vectors to the admin routes of a Worker. The key is read from the environment variable
AAR_ADMIN_KEY (the Worker's secret ADMIN_KEY); a local Worker without that secret needs none. What the Worker confirmed is
kept in a receipt: the same command goes on where it stopped and sends only what changed. Prints the outcome as JSON.`,
  examples: [
    "upload --url http://localhost:8787 --collection docs --corpus my-docs --vectors .aar/my-docs",
    "upload --url https://aar.example.workers.dev --collection docs --corpus my-docs --vectors .aar/my-docs --fusion fusion.json",
  ],
  options: z.strictObject({
    url: z.string().meta({ placeholder: "url", description: "base URL of the Worker" }),
    collection: z.string().meta({ placeholder: "name", description: "created when it does not exist" }),
    corpus: corpusFlag,
    vectors: z.string().meta({ placeholder: "dir", description: "output folder of `encode`" }),
    fusion: z.string().optional().meta({
      placeholder: "how",
      description:
        "rrf:K, convex:WEIGHT:min-max|theoretical, or a file of fit-fusion; default: as it is, or the Worker's default",
    }),
    batchSize: z.int().min(1).max(MAX_PASSAGES_PER_REQUEST).default(200).meta({ description: "passages of a request" }),
    receipt: z
      .string()
      .optional()
      .meta({ placeholder: "file", description: "default: in .aar/uploads, by url and collection" }),
    fresh: z.boolean().default(false).describe("send everything again, whatever the receipt says"),
  }),
  async run({ url, collection: name, fusion, batchSize, fresh, ...files }, { print, log, progress, env, signal }) {
    const encoded = await loadEncodedCorpus(corpusFile(files.corpus), files.vectors, log);
    checkUploadable(encoded.passages);
    const { encoderFingerprint, encoderName, dims, similarity, count } = encoded.vectors.facts;
    const receipt =
      files.receipt ?? path.join(".aar/uploads", `${sha256Hex(JSON.stringify([url, name])).slice(0, 16)}.jsonl`);
    const result = await uploadCollection({
      url,
      adminKey: env["AAR_ADMIN_KEY"] === "" ? undefined : env["AAR_ADMIN_KEY"],
      collection: {
        name,
        encoderFingerprint,
        encoderName,
        dims,
        similarity,
        fusion: fusion === undefined ? undefined : await readFusion(fusion),
      },
      passages: withVectors(encoded),
      count,
      batchSize,
      receipt,
      ignoreReceipt: fresh,
      progress,
      signal,
    });
    if (result.passageCount > count) {
      log(`collection "${name}" holds ${result.passageCount - count} passages that are not in this corpus; they stay`);
    }
    print(JSON.stringify({ ...result, receipt }, undefined, 2));
  },
});
