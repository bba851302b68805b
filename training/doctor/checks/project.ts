import { existsSync } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { parseManifest, verifyFile } from "../../../src/encoder/load-manifest.ts";
import { PASSAGE_ENCODER_FOLDER } from "../../../src/query-side/query-side-configuration.ts";
import { parseConfiguration } from "../../../src/shared/configuration.ts";
import { VECTORIZE_LIMITS } from "../../../src/vector-index/limits.ts";
import { sha256File } from "../../artifacts/meta.ts";
import { nearLimit, ok } from "../doctor-check.ts";
import type { DoctorCheck, Finding } from "../doctor-check.ts";

/** Cloudflare's limits on static assets: 25 MiB a file, 20,000 files on the free plan. */
const ASSET_BYTES = 25 * 1024 * 1024;
const ASSET_FILES = 20_000;

/** `wrangler.toml` and the variables in it, as the Worker reads them. A key is put in: whether one is set is another check's. */
export const configurationCheck: DoctorCheck = {
  name: "configuration",
  scope: "project",
  async run({ configuration, configurationFile }) {
    const { vars, database } = await configuration();
    const { targetLms, mode } = parseConfiguration({ ...vars, ADMIN_KEY: "a-key" });
    const findings: Finding[] = [
      ok(`${configurationFile}: production parses; models ${[...targetLms.keys()].join(", ")}`),
    ];
    if (mode !== "production") {
      findings.push({
        status: "fail",
        detail: `[env.production.vars] has MODE = "${mode}": a deployed Worker would be open`,
        advice: 'write MODE = "production"',
      });
    }
    if (database.id === undefined) {
      findings.push(ok("no database_id yet: not deployed from this folder (aar deploy)"));
    }
    return findings;
  },
};

/** Metadata indexes: ten at most, and a filter on any other property is refused. */
export const metadataIndexLimitCheck: DoctorCheck = {
  name: "metadata indexes",
  scope: "project",
  async run({ configuration }) {
    const { vectorSettings } = await configuration();
    const names = Object.keys(vectorSettings.metadataIndexes);
    return nearLimit(names.length, VECTORIZE_LIMITS.metadataIndexes, {
      what: `EMBEDDED_VECTORIZE names ${names.join(", ") || "none"}`,
      advice: "an index has ten at most; put what is filtered together into one property",
      warnAt: 1,
    });
  },
};

/** Static assets by Cloudflare's limits. */
export const assetsCheck: DoctorCheck = {
  name: "static assets",
  scope: "project",
  async run({ assets }) {
    const entries = await readdir(assets, { recursive: true, withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => path.join(parentPath, name));
    const sizes = await Promise.all(files.map(async (file) => ({ file, bytes: (await stat(file)).size })));
    const largest = sizes.toSorted((left, right) => right.bytes - left.bytes)[0] ?? { file: assets, bytes: 0 };
    return [
      nearLimit(largest.bytes, ASSET_BYTES, {
        what: `bytes of the largest, ${path.relative(assets, largest.file)}`,
        advice: "quantise the encoder further, or choose a smaller one (aar quantize)",
        warnAt: 0.95,
      }),
      nearLimit(files.length, ASSET_FILES, { what: "files", advice: "the paid plan allows 100,000" }),
    ];
  },
};

/** The encoder's files against its manifest: a model that was trained further has the same size and other vectors. */
export const encoderFilesCheck: DoctorCheck = {
  name: "encoder files",
  scope: "project",
  async run({ assets }) {
    const folder = path.join(assets, PASSAGE_ENCODER_FOLDER);
    const manifest = parseManifest(await readFile(path.join(folder, "manifest.json"), "utf8"));
    for (const expected of [manifest.model, manifest.tokenizer]) {
      const file = path.join(folder, expected.file);
      if (!existsSync(file)) {
        return { status: "fail", detail: `${file} is missing`, advice: "fetch the repository again, or aar quantize" };
      }
      verifyFile(expected, { bytes: (await stat(file)).size, sha256: await sha256File(file) });
    }
    return ok(`${manifest.name}: model and tokenizer are the manifest's`);
  },
};
