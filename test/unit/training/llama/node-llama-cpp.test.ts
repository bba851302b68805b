import { mkdir, readFile, writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, it } from "vitest";
import { loadNodeLlamaCpp } from "../../../../training/llama/node-llama-cpp.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";

describe("loadNodeLlamaCpp", () => {
  it("says how to install it where it is absent", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    const manifest = path.resolve(import.meta.dirname, "../../../../package.json");
    const { peerDependencies } = JSON.parse(await readFile(manifest, "utf8")) as {
      peerDependencies: { "node-llama-cpp": string };
    };
    const version = RegExp.escape(peerDependencies["node-llama-cpp"]);
    await expect(loadNodeLlamaCpp([folder])).rejects.toThrow(
      new RegExp(
        `not installed .*\\n {2}npm install --prefix \\.aar/llama .*node-llama-cpp@${version} @node-llama-cpp/.*@${version}$`,
        "u",
      ),
    );
  });

  it("finds it in the first folder that has it", async ({ expect, onTestFinished }) => {
    const folder = await temporaryFolder(onTestFinished);
    const home = path.join(folder, "second/node_modules/node-llama-cpp");
    await mkdir(home, { recursive: true });
    await writeFile(path.join(home, "package.json"), '{"main":"main.mjs"}');
    await writeFile(path.join(home, "main.mjs"), "export const getLlama = () => 'loaded';");
    const { getLlama } = await loadNodeLlamaCpp([path.join(folder, "first"), path.join(folder, "second")]);
    expect(getLlama.name).toBe("getLlama");
  });
});
