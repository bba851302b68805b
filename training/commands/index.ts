import path from "node:path";
import { z } from "zod";
import { DEFAULT_FUSION } from "../../src/retrieval/fusion.ts";
import type { CollectionSettings } from "../../src/retrieval/passage-store.ts";
import { writeMeta } from "../artifacts/meta.ts";
import { defineCommand } from "../define-command.ts";
import { buildPassageDatabase } from "../indexing/build-passage-database.ts";
import { writeD1Parts } from "../indexing/d1-parts.ts";
import { loadEncodedCorpus, withVectors } from "../indexing/encoded-passages.ts";
import { formatFusion, readFusion, toWireFusion } from "../indexing/fusion-setting.ts";
import { writeVectorizeParts } from "../indexing/vectorize-parts.ts";
import { corpusFile, corpusFlag } from "./corpus-flag.ts";

const FORMATS = ["sqlite", "vectorize", "d1"] as const;

/** `aar index`: see the description below. */
export const indexCommand = defineCommand({
  summary: "vectors + corpus -> SQLite, vectors.ndjson parts for Vectorize, SQL parts for D1",
  description: `Writes files to load with wrangler; no Worker is asked. The embedded index of a local Worker is filled by \`upload\`, which
is the simpler way in production too: it sends passages and vectors through the Worker. Files, as far as --formats says:
  sqlite     passages.sqlite: text and full-text index, the tables of D1
  vectorize  vectorize/vectors-00001.ndjson …, for: wrangler vectorize upsert INDEX --file PART
  d1         d1/passages-00001.sql …, for: wrangler d1 execute DATABASE --remote --file PART, in their order and after
             wrangler d1 migrations apply; statements stay below D1's 100 KB`,
  examples: ["index --corpus my-docs --vectors .aar/my-docs --collection docs --output .aar/index"],
  options: z.strictObject({
    corpus: corpusFlag,
    vectors: z.string().meta({ placeholder: "dir", description: "output folder of `encode`" }),
    collection: z
      .string()
      .regex(/^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$/u, "expected 1 to 63 letters, digits, `.`, `_` or `-`")
      .meta({ placeholder: "name", description: "namespace of the vectors" }),
    output: z.string().meta({ placeholder: "dir" }),
    formats: z
      .array(z.enum(FORMATS))
      .min(1)
      .default([...FORMATS])
      .meta({ placeholder: "list" }),
    collectionId: z
      .int()
      .min(1)
      .default(1)
      .meta({ description: "key of the collection in D1: one that is free there" }),
    fusion: z.string().default(formatFusion(DEFAULT_FUSION)).meta({
      placeholder: "how",
      description: "rrf:K, convex:WEIGHT:min-max|theoretical, or a file of fit-fusion",
    }),
  }),
  async run({ output, formats, collectionId, ...given }, { print, log, progress, signal }) {
    const encoded = await loadEncodedCorpus(corpusFile(given.corpus), given.vectors, log);
    const { encoderFingerprint, encoderName, dims, similarity, count } = encoded.vectors.facts;
    const fusion = await readFusion(given.fusion);
    const collection: CollectionSettings = {
      name: given.collection,
      encoderFingerprint,
      encoderName,
      dims,
      similarity,
      fusion,
    };
    const { passages } = encoded;
    const files: Record<string, unknown> = {};
    if (formats.includes("sqlite")) {
      const file = path.join(output, "passages.sqlite");
      await buildPassageDatabase({ file, collection, passages, progress, signal });
      files["sqlite"] = file;
    }
    if (formats.includes("vectorize")) {
      log("writing NDJSON for Vectorize");
      const folder = path.join(output, "vectorize");
      files["vectorize"] = await writeVectorizeParts({
        folder,
        collection: given.collection,
        passages: withVectors(encoded),
      });
    }
    if (formats.includes("d1")) {
      log("writing SQL for D1");
      const folder = path.join(output, "d1");
      files["d1"] = await writeD1Parts({ folder, collection, collectionId, passages });
    }
    const facts = {
      collection: given.collection,
      count,
      dims,
      similarity,
      encoderFingerprint,
      fusion: toWireFusion(fusion),
    };
    await writeMeta(path.join(output, "index"), {
      stage: "index",
      schemaVersion: 1,
      options: { ...given, formats, collectionId },
      inputs: { corpus: encoded.corpusSha256, vectors: encoded.vectors.facts.vectorsSha256 },
      facts: { ...facts, files },
    });
    print(JSON.stringify({ ...facts, files }, undefined, 2));
  },
});
