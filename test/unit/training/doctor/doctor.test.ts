import { cp, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { AppError } from "../../../../src/shared/errors.ts";
import { DOCTOR_CHECKS } from "../../../../training/doctor/checks.ts";
import type { CheckScope, DoctorContext } from "../../../../training/doctor/doctor-check.ts";
import { examine, renderDiagnoses } from "../../../../training/doctor/examine.ts";
import type { Diagnosis } from "../../../../training/doctor/examine.ts";
import type { CollectionSummary, Health, WorkerInventory } from "../../../../training/doctor/worker-facts.ts";
import { once } from "../../../../training/doctor/worker-facts.ts";
import { readDeployedConfiguration } from "../../../../training/wrangler/deployed-configuration.ts";
import { deploymentWorld } from "../../../support/deployment-world.ts";
import type { DeploymentWorld } from "../../../support/deployment-world.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

const HEALTH: Health = { mode: "production", encoder: { name: "tiny", fingerprint: "a".repeat(64) }, warnings: [] };
const INVENTORY: WorkerInventory = {
  mode: "production",
  vector_index: { vectors: 10, dimensions: 384 },
  database: { bytes: 1_000_000 },
  collections: 1,
  passages: 10,
  unsettled_passages: 0,
  versions: { splitting: 0, encoding: 0, publishing: 0, failed: 0 },
};
const COLLECTION: CollectionSummary = {
  name: "docs",
  encoder_fingerprint: "a".repeat(64),
  encoder_name: "tiny",
  dims: 384,
  passage_count: 10,
};

interface Given {
  readonly health?: Partial<Health> | Error;
  readonly inventory?: Partial<WorkerInventory>;
  readonly collections?: readonly CollectionSummary[];
  readonly world?: DeploymentWorld;
  readonly assets?: string;
}

async function diagnose(scope: CheckScope, given: Given = {}): Promise<readonly Diagnosis[]> {
  const file = given.world?.configurationFile ?? "wrangler.toml";
  const context: DoctorContext = {
    configurationFile: file,
    configuration: once(() => readDeployedConfiguration(file)),
    assets: given.assets ?? "src/assets",
    url: "https://aar.example",
    health: () =>
      given.health instanceof Error ? Promise.reject(given.health) : Promise.resolve({ ...HEALTH, ...given.health }),
    inventory: () => Promise.resolve({ ...INVENTORY, ...given.inventory }),
    collections: () => Promise.resolve(given.collections ?? [COLLECTION]),
    wrangler: given.world?.wrangler ?? {
      look: () => Promise.reject(new Error("no account here")),
      change: () => Promise.reject(new Error("doctor changes nothing")),
    },
  };
  return await examine({ checks: DOCTOR_CHECKS, scopes: new Set([scope]), context });
}

/** What is not as it should be: check and status. */
function complaints(diagnoses: readonly Diagnosis[]): string[] {
  return diagnoses.flatMap(({ check, status }) => (status === "ok" ? [] : [`${check}: ${status}`]));
}

describe("doctor of a folder", () => {
  it("finds nothing wrong with this project as it comes", async ({ expect }) => {
    expect(complaints(await diagnose("project"))).toEqual([]);
  });

  it("tells an encoder whose tokenizer is not the manifest's", async ({ expect, onTestFinished }) => {
    const assets = await temporaryFolder(onTestFinished);
    await cp("src/assets/encoder", path.join(assets, "encoder"), { recursive: true });
    await writeFile(path.join(assets, "encoder/tokenizer.json"), "{}");
    const [finding] = (await diagnose("project", { assets })).filter(({ check }) => check === "encoder files");
    expect(finding).toMatchObject({ status: "fail", detail: expect.stringContaining("tokenizer.json has sha256") });
  });

  it("tells variables that the Worker would refuse, and a production that is open", async ({
    expect,
    onTestFinished,
  }) => {
    const world = await deploymentWorld(onTestFinished);
    const text = await readFile(world.configurationFile, "utf8");
    await writeFile(world.configurationFile, text.replaceAll('DEFAULT_MODEL = "extractive"', 'DEFAULT_MODEL = "gpt"'));
    expect(renderDiagnoses(await diagnose("project", { world }))).toMatch(
      /FAIL +configuration .*"gpt" is not a model/u,
    );
    await writeFile(world.configurationFile, text.replace('MODE = "production"', 'MODE = "local"'));
    expect(complaints(await diagnose("project", { world }))).toEqual(["configuration: fail"]);
  });
});

describe("doctor of a Worker", () => {
  const cases: readonly (readonly [what: string, given: Given, expected: readonly string[]])[] = [
    ["that is well", {}, []],
    ["that does not answer", { health: new AppError("upstream_unavailable", "no") }, ["worker: fail"]],
    ["with warnings of its own", { health: { warnings: ["something"] } }, ["worker: warn"]],
    ["that is local and open", { health: { mode: "local", warnings: ["open: no API_KEYS are set"] } }, []],
    [
      "with a collection of another encoder",
      { collections: [COLLECTION, { ...COLLECTION, name: "old", encoder_fingerprint: "b".repeat(64) }] },
      ["fingerprints: fail"],
    ],
    [
      "with an empty collection of another encoder",
      { collections: [{ ...COLLECTION, encoder_fingerprint: "b".repeat(64), passage_count: 0 }] },
      [],
    ],
    ["that lacks vectors", { inventory: { passages: 11 } }, ["counts: fail"]],
    ["that has a vector too many", { inventory: { passages: 9 } }, ["counts: warn"]],
    ["that is just replacing a document", { inventory: { passages: 9, unsettled_passages: 3 } }, []],
    [
      "near Vectorize's limit",
      {
        inventory: {
          passages: 16_000_000,
          vector_index: { vectors: 16_000_000, dimensions: 384 },
        },
      },
      ["vector index: warn"],
    ],
    [
      "local, near the embedded index's capacity",
      {
        inventory: {
          mode: "local",
          passages: 85_000,
          vector_index: { vectors: 85_000, dimensions: 384 },
        },
      },
      ["vector index: warn"],
    ],
    [
      "with as many collections as there are namespaces",
      { inventory: { collections: 50_000 } },
      ["vector index: fail"],
    ],
    ["with 8.5 GB in D1", { inventory: { database: { bytes: 8_500_000_000 } } }, ["database size: warn"]],
    [
      "with documents that failed",
      { inventory: { versions: { splitting: 0, encoding: 0, publishing: 0, failed: 2 } } },
      ["ingestion: warn"],
    ],
  ];
  it.for(cases)("%s", async ([, given, expected], { expect }) => {
    const diagnoses = await diagnose("worker", given);
    // The fingerprint of this folder's encoder is not the one made up above.
    expect(complaints(diagnoses).filter((complaint) => !complaint.startsWith("encoder served"))).toEqual(expected);
    const silent = diagnoses.filter(({ check, status, advice }) => check !== "worker" && status === "fail" && !advice);
    expect(silent).toEqual([]);
  });

  it("says that it serves another encoder than this folder's, and not when it is the same", async ({ expect }) => {
    expect(complaints(await diagnose("worker"))).toEqual(["encoder served: warn"]);
    const [served] = (await diagnose("worker")).filter(({ check }) => check === "encoder served");
    expect(served?.detail).toMatch(/serves tiny .*this folder has all-minilm-l6-v2/u);
  });
});

describe("doctor of an account", () => {
  it("finds all that deploy has made", async ({ expect, onTestFinished }) => {
    const world = await deploymentWorld(onTestFinished);
    await world.run();
    expect(complaints(await diagnose("account", { world }))).toEqual([]);
    expect((await world.calls()).slice(-7).every(({ args }) => !args.includes("create"))).toBe(true);
  });

  it("tells everything that an empty account lacks", async ({ expect, onTestFinished }) => {
    const world = await deploymentWorld(onTestFinished);
    expect(complaints(await diagnose("account", { world }))).toEqual([
      "Vectorize: fail",
      "D1: fail",
      "R2 and queues: fail",
      "R2 and queues: fail",
      "R2 and queues: fail",
      "secrets: fail",
    ]);
  });

  it("tells a metadata index that is missing, migrations that are pending, a secret that is not set", async ({
    expect,
    onTestFinished,
  }) => {
    const world = await deploymentWorld(onTestFinished);
    await world.run();
    const { indexes } = await world.account();
    await world.changeAccount({
      migrated: [],
      secrets: [],
      indexes: indexes.map((index) => ({ ...index, metadata: index.metadata.slice(1) })),
    });
    const diagnoses = await diagnose("account", { world });
    expect(complaints(diagnoses)).toEqual(["Vectorize: fail", "D1: fail", "secrets: fail"]);
    expect(renderDiagnoses(diagnoses)).toMatch(
      /missing, or of another type: country\n.*uploaded again.*migrations apply aar --remote.*secret put ADMIN_KEY/su,
    );
  });
});
