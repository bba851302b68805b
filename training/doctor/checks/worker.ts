import { readFile } from "node:fs/promises";
import path from "node:path";
import { parseManifest } from "../../../src/encoder/load-manifest.ts";
import { encoderFingerprint } from "../../../src/encoder/manifest.ts";
import { PASSAGE_ENCODER_FOLDER } from "../../../src/query-side/query-side-configuration.ts";
import { embeddedCapacity, VECTORIZE_LIMITS } from "../../../src/vector-index/limits.ts";
import { nearLimit, ok } from "../doctor-check.ts";
import type { DoctorCheck } from "../doctor-check.ts";

/** Named in a line; the rest are counted. */
const NAMED = 5;

/** Of one D1 database on the paid plan. */
const DATABASE_BYTES = 10_000_000_000;

/** Whether it answers, and what it says of itself. */
export const healthCheck: DoctorCheck = {
  name: "worker",
  scope: "worker",
  async run({ health, url }) {
    const { mode, encoder, warnings } = await health();
    const isOurs = mode === "local";
    return [
      ok(`${url}: mode ${mode}, encoder ${encoder.name}`),
      ...warnings.map((detail) => ({
        // A local Worker is open by default, and says so itself.
        status: isOurs && detail.startsWith("open:") ? ("ok" as const) : ("warn" as const),
        detail,
      })),
    ];
  },
};

/** Whether what is served is what stands in this folder. */
export const encoderServedCheck: DoctorCheck = {
  name: "encoder served",
  scope: "worker",
  async run({ health, assets }) {
    const { encoder } = await health();
    const manifest = parseManifest(await readFile(path.join(assets, PASSAGE_ENCODER_FOLDER, "manifest.json"), "utf8"));
    const fingerprint = await encoderFingerprint(manifest);
    return encoder.fingerprint === fingerprint
      ? ok(`${encoder.name} (${fingerprint.slice(0, 12)}…), the one in this folder`)
      : {
          status: "warn",
          detail: `the Worker serves ${encoder.name} (${encoder.fingerprint.slice(0, 12)}…), this folder has ${manifest.name} (${fingerprint.slice(0, 12)}…)`,
          advice: "deploy this folder, or check out the version that is deployed",
        };
  },
};

/** Whether every collection's vectors are of the encoder that is served. */
export const collectionFingerprintsCheck: DoctorCheck = {
  name: "fingerprints",
  scope: "worker",
  async run({ health, collections }) {
    const { encoder } = await health();
    const all = await collections();
    const foreign = all.filter((one) => one.passage_count > 0 && one.encoder_fingerprint !== encoder.fingerprint);
    return foreign.length === 0
      ? ok(`${all.length} collection${all.length === 1 ? "" : "s"}, all of the encoder that is served`)
      : {
          status: "fail",
          detail: `encoded by another encoder than the one served: ${foreign
            .slice(0, NAMED)
            .map(({ name, encoder_name: by }) => `"${name}" (${by})`)
            .join(", ")}${foreign.length > NAMED ? ` and ${foreign.length - NAMED} more` : ""}`,
          advice: "dense search of these is refused: encode and upload them again, or serve their encoder",
        };
  },
};

/** Every passage has a vector, and every vector a passage. */
export const countsCheck: DoctorCheck = {
  name: "counts",
  scope: "worker",
  async run({ inventory }) {
    const { passages, unsettled_passages: unsettled, vector_index: index } = await inventory();
    const detail = `${passages} passages in the database, ${index.vectors} vectors in the index${unsettled === 0 ? "" : `, ${unsettled} more on their way in or out`}`;
    if (index.vectors < passages) {
      return {
        status: "fail",
        detail,
        advice: `${passages - index.vectors} passages are found by words only. Vectorize shows a write after up to two minutes; if it stays so, send them again (aar upload --fresh, aar import)`,
      };
    }
    return index.vectors > passages + unsettled
      ? {
          status: "warn",
          detail,
          advice:
            "vectors without a passage are never shown, and cost storage: a deletion or an upload was given up half-way, or another Worker shares the index; delete the collection and import it again",
        }
      : ok(detail);
  },
};

/** Room for vectors and collections. */
export const vectorLimitsCheck: DoctorCheck = {
  name: "vector index",
  scope: "worker",
  async run({ inventory }) {
    const { mode, vector_index: index, collections } = await inventory();
    const limit = mode === "local" ? embeddedCapacity(index.dimensions) : VECTORIZE_LIMITS.vectors;
    return [
      nearLimit(index.vectors, limit, {
        what: "vectors",
        advice:
          mode === "local"
            ? "the embedded index holds no more: use Vectorize"
            : "split collections over several Workers",
      }),
      nearLimit(collections, VECTORIZE_LIMITS.namespacesPaid, {
        what: "collections (namespaces)",
        advice:
          "1,000 on the free plan, 50,000 on the paid one: put tenants' documents together, told apart by metadata",
      }),
    ];
  },
};

/** Room in D1. */
export const databaseSizeCheck: DoctorCheck = {
  name: "database size",
  scope: "worker",
  async run({ inventory }) {
    const { bytes } = (await inventory()).database;
    return bytes === null
      ? ok("not told by the platform")
      : nearLimit(bytes, DATABASE_BYTES, {
          what: "bytes",
          advice: "D1 takes 10 GB a database: export what is old and delete it, or spread tenants over several Workers",
        });
  },
};

/** Documents that did not make it. */
export const ingestionCheck: DoctorCheck = {
  name: "ingestion",
  scope: "worker",
  async run({ inventory }) {
    const { splitting, encoding, publishing, failed } = (await inventory()).versions;
    const detail = `${splitting + encoding + publishing} documents in progress, ${failed} failed`;
    return failed === 0
      ? ok(detail)
      : { status: "warn", detail, advice: "GET /v1/collections/NAME/documents?status=failed says which and why" };
  },
};
