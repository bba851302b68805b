import { readFile, writeFile } from "node:fs/promises";
import { describe, it } from "vitest";
import { experimental_getWranglerCommands } from "wrangler";
import { createDryWrangler } from "../../../../training/wrangler/wrangler.ts";
import { ACCOUNT_ID, deploymentWorld } from "../../../support/deployment-world.ts";
import type { DeploymentWorld } from "../../../support/deployment-world.ts";

/** Everything a first deployment does to an account, in its order. */
const FIRST_CHANGES = [
  "vectorize create aar --dimensions=384 --metric=cosine",
  "vectorize create-metadata-index aar --property-name=country --type=string",
  "vectorize create-metadata-index aar --property-name=region --type=string",
  "vectorize create-metadata-index aar --property-name=section --type=string",
  "d1 create aar",
  "r2 bucket create aar-contents",
  "queues create aar-ingestion-dead",
  "queues create aar-ingestion",
  "d1 migrations apply aar --remote --env production",
  "deploy --env production --secrets-file",
];
const LOOK = /^(?:whoami|vectorize (?:list|info)|d1 list|r2 bucket info|queues info|secret list)/u;

async function changes(world: DeploymentWorld): Promise<string[]> {
  return (await world.calls())
    .map(({ args }) => args.join(" ").replace(` ${world.secretsFile}`, ""))
    .filter((call) => !LOOK.test(call));
}

describe("deploy", () => {
  it("makes everything in order on an empty account, metadata indexes before anything could write a vector", async ({
    expect,
    onTestFinished,
  }) => {
    const world = await deploymentWorld(onTestFinished);
    const report = await world.run();
    expect(await changes(world)).toEqual(FIRST_CHANGES);
    expect(report["upload"]).toBe("aar: https://aar.someone.workers.dev");
    const { indexes, databases, migrated, buckets, queues, secrets } = await world.account();
    expect(indexes[0]?.metadata.map(({ propertyName }) => propertyName)).toEqual(["country", "region", "section"]);
    expect({ migrated, buckets, queues, secrets }).toEqual({
      migrated: ["aar"],
      buckets: ["aar-contents"],
      queues: ["aar-ingestion-dead", "aar-ingestion"],
      secrets: ["ADMIN_KEY"],
    });
    expect(await readFile(world.configurationFile, "utf8")).toContain(`database_id = "${databases[0]?.uuid}"`);
    // Once the account is known, nothing runs in another one.
    expect(new Set((await world.calls()).slice(1).map(({ account }) => account))).toEqual(new Set([ACCOUNT_ID]));
  });

  it("creates nothing a second time", async ({ expect, onTestFinished }) => {
    const world = await deploymentWorld(onTestFinished);
    await world.run();
    const first = await changes(world);
    await world.run({ secretsFile: undefined });
    expect((await changes(world)).slice(first.length)).toEqual([
      "d1 migrations apply aar --remote --env production",
      "deploy --env production",
    ]);
  });

  it.for(FIRST_CHANGES)("goes on where it stopped when this failed: %s", async (change, { expect, onTestFinished }) => {
    const world = await deploymentWorld(onTestFinished, { failures: [{ call: change, says: "✘ [ERROR] no luck" }] });
    await expect(world.run()).rejects.toMatchObject({ message: expect.stringMatching(/^\[\d+\/10\].*\n.*no luck/su) });
    await world.run();
    const all = await changes(world);
    expect(all.filter((call) => call === change)).toHaveLength(2);
    const uninterrupted = await deploymentWorld(onTestFinished);
    await uninterrupted.run();
    expect(await world.account()).toEqual(await uninterrupted.account());
    expect(await readFile(world.configurationFile, "utf8")).toBe(
      await readFile(uninterrupted.configurationFile, "utf8"),
    );
  });

  it("refuses another account than the one that was asked for, and touches nothing", async ({
    expect,
    onTestFinished,
  }) => {
    const world = await deploymentWorld(onTestFinished);
    await expect(world.run({ wantedAccount: "f".repeat(32) })).rejects.toMatchObject({
      code: "configuration_invalid",
      message: expect.stringMatching(/nothing was changed.*wrong account.*Acme/su),
    });
    expect(await changes(world)).toEqual([]);
  });

  it("asks which account when the login has several", async ({ expect, onTestFinished }) => {
    const accounts = [
      { id: ACCOUNT_ID, name: "Acme" },
      { id: "1".repeat(32), name: "Other" },
    ];
    const world = await deploymentWorld(onTestFinished, { accounts });
    await expect(world.run()).rejects.toThrow(/2 accounts; say which with --account ID:.*Acme.*Other/su);
    await world.run({ wantedAccount: ACCOUNT_ID });
    expect((await world.calls()).at(-1)?.account).toBe(ACCOUNT_ID);
  });

  it("refuses an account without the database that wrangler.toml names", async ({ expect, onTestFinished }) => {
    const world = await deploymentWorld(onTestFinished);
    await world.run();
    await world.changeAccount({ databases: [{ uuid: "someone-elses", name: "aar" }] });
    const before = await readFile(world.configurationFile, "utf8");
    await expect(world.run()).rejects.toThrow(/wrong account\?.*no such database/su);
    expect(await readFile(world.configurationFile, "utf8")).toBe(before);
  });

  it("says how to log in", async ({ expect, onTestFinished }) => {
    const world = await deploymentWorld(onTestFinished);
    await writeFile(
      `${world.folder}/fake-account.json`,
      JSON.stringify({ ...(await world.account()), accounts: undefined }),
    );
    await expect(world.run()).rejects.toThrow(/npx wrangler login/u);
  });

  it("uploads nothing while a secret is missing, and says which and how to set it", async ({
    expect,
    onTestFinished,
  }) => {
    const world = await deploymentWorld(onTestFinished);
    const text = await readFile(world.configurationFile, "utf8");
    const table = {
      gpt: { provider: "openai-compatible", model: "m", secret: "LM_KEY", headers: { "x-a": "${GATE}" } },
    };
    await writeFile(
      world.configurationFile,
      text.replaceAll('"extractive": { "provider": "extractive" }', `$&, ${JSON.stringify(table).slice(1, -1)}`),
    );
    await expect(world.run()).rejects.toMatchObject({
      code: "configuration_invalid",
      message: expect.stringMatching(/missing secrets: LM_KEY, GATE;.*--secrets-file/su),
    });
    expect((await world.account()).secrets).toBeUndefined();
    await world.changeAccount({ secrets: ["API_KEYS", "GATE"] });
    await expect(world.run({ secretsFile: undefined })).rejects.toThrow(
      "npx wrangler secret put LM_KEY --env production",
    );
    await world.changeAccount({ secrets: ["API_KEYS", "GATE", "LM_KEY"] });
    await world.run({ secretsFile: undefined });
    const told = JSON.stringify([world.said, await world.calls()]);
    expect(told).not.toContain("the-secret-value");
  });

  it("refuses a vector index of other dimensions and a metadata index of another type", async ({
    expect,
    onTestFinished,
  }) => {
    const config = { dimensions: 768, metric: "cosine" };
    const other = await deploymentWorld(onTestFinished, {
      indexes: [{ name: "aar", config, metadata: [], vectorCount: 0 }],
    });
    await expect(other.run()).rejects.toThrow(/768 dimensions.*384/su);
    const typed = await deploymentWorld(onTestFinished, {
      indexes: [
        {
          name: "aar",
          config: { dimensions: 384, metric: "cosine" },
          metadata: [{ propertyName: "country", indexType: "Number" }],
          vectorCount: 0,
        },
      ],
    });
    await expect(typed.run()).rejects.toThrow(/"country".*of type number.*string/su);
  });

  it("warns that vectors which are there will not be found by a new metadata index", async ({
    expect,
    onTestFinished,
  }) => {
    const metadata = [{ propertyName: "country", indexType: "String" }];
    const world = await deploymentWorld(onTestFinished, {
      indexes: [{ name: "aar", config: { dimensions: 384, metric: "cosine" }, metadata, vectorCount: 7 }],
    });
    await world.run();
    expect(world.said.join("\n")).toMatch(/the 7 vectors.*region, section/u);
  });

  it("fails when the uploaded Worker does not answer as one in production", async ({ expect, onTestFinished }) => {
    const world = await deploymentWorld(onTestFinished);
    const body = {
      mode: "local",
      encoder: { name: "tiny" },
      default_collection: { name: "docs", exists: false },
      warnings: [],
    };
    await expect(world.run({ fetch: () => Promise.resolve(Response.json(body)) })).rejects.toThrow(
      /smoke query failed.*mode "local"/su,
    );
  });

  it("prints in a dry run the very commands that a first deployment runs, and runs none", async ({
    expect,
    onTestFinished,
  }) => {
    const world = await deploymentWorld(onTestFinished);
    const printed: string[] = [];
    await world.run({ isDry: true, wrangler: createDryWrangler((line) => printed.push(line)) });
    expect(await world.calls()).toEqual([]);
    await world.run();
    const calls = (await world.calls()).map(({ args }) => `npx wrangler ${args.join(" ")}`);
    // A real run looks once more at the metadata indexes that it has made.
    expect([...new Set(printed)]).toEqual([...new Set(calls)]);
  });

  it("uses commands and flags that this project's wrangler has", async ({ expect, onTestFinished }) => {
    const world = await deploymentWorld(onTestFinished);
    await world.run();
    const { registry, globalFlags } = experimental_getWranglerCommands();
    for (const { args } of await world.calls()) {
      let node: CommandNode | undefined = registry;
      const words = [...args];
      while (node?.subtree.has(words[0] ?? "") === true) {
        node = node.subtree.get(words.shift() ?? "");
      }
      expect(node?.definition?.type, args.join(" ")).toBe("command");
      const known = [...Object.keys(node?.definition?.args ?? {}), ...Object.keys(globalFlags)].map(kebabCase);
      const flags = words.flatMap((word) => /^--([^=]+)/u.exec(word)?.[1] ?? []);
      expect(
        flags.filter((flag) => !known.includes(flag)),
        args.join(" "),
      ).toEqual([]);
    }
  });
});

/** The part of wrangler's command tree that is looked at here. */
interface CommandNode {
  readonly definition?: { readonly type: string; readonly args?: object };
  readonly subtree: ReadonlyMap<string, CommandNode>;
}

/** wrangler knows `propertyName` as `--property-name` too. */
function kebabCase(name: string): string {
  return name.replaceAll(/[A-Z]/gu, (letter) => `-${letter.toLowerCase()}`);
}
