import { writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { readSecrets } from "../../../../scripts/start/read-secrets.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

describe("readSecrets", () => {
  it.for([
    ["OTHER=1\nADMIN_KEY=\"root # key\"\nexport API_KEYS='alpha, beta' # two\n", "root # key", "alpha"],
    ["ADMIN_KEY=\nAPI_KEYS= ,, beta\n", undefined, "beta"],
    ["# ADMIN_KEY=old\n", undefined, undefined],
    ["", undefined, undefined],
  ] as const)("%j", async ([content, adminKey, apiKey], { expect, onTestFinished }) => {
    const file = path.join(await temporaryFolder(onTestFinished), ".dev.vars");
    await writeFile(file, content);
    expect(readSecrets(file)).toEqual({ adminKey, apiKey });
  });

  it("of a file that is not there are none", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    expect(readSecrets(path.join(folder, ".dev.vars"))).toEqual({ adminKey: undefined, apiKey: undefined });
  });
});
