import path from "node:path";
import { describe, it } from "vitest";
import { deployCommand } from "../../../../training/commands/deploy.ts";
import { deploymentWorld } from "../../../support/deployment-world.ts";
import { fakeContext } from "../../../support/fake-context.ts";

const STAND_IN = path.resolve("test/support/fake-wrangler.ts");

describe("aar deploy", () => {
  it("runs a program for each command, without a shell, and stops at the one that fails", async ({
    expect,
    onTestFinished,
  }) => {
    const failures = [{ call: "vectorize create aar", says: "✘ [ERROR] no luck" }];
    const world = await deploymentWorld(onTestFinished, { failures });
    const context = fakeContext({ env: { AAR_WRANGLER: STAND_IN } });
    await expect(deployCommand.execute({ config: world.configurationFile }, context)).rejects.toThrow(
      /^\[2\/10\] vector index failed.*`npx wrangler vectorize create aar --dimensions=384 --metric=cosine` failed \(1\):.*no luck/su,
    );
    expect((await world.calls()).map(({ args }) => args.slice(0, 2).join(" "))).toEqual([
      "whoami --json",
      "vectorize list",
      "vectorize create",
    ]);
    expect(context.logged.join("\n")).toContain("[1/10] account: Acme");
  });

  it("prints the plan of a dry run as lines for a shell, without an account", async ({ expect, onTestFinished }) => {
    const world = await deploymentWorld(onTestFinished);
    const context = fakeContext();
    await deployCommand.execute({ config: world.configurationFile, dryRun: true }, context);
    expect(context.printed).toContain("npx wrangler vectorize create aar --dimensions=384 --metric=cosine");
    expect(context.printed.at(-2)).toBe("# [9/10] upload: aar");
    expect(await world.calls()).toEqual([]);
  });
});
