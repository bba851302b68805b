import { describe, it } from "vitest";
import { commandStage } from "../../../../training/adapt/command-stage.ts";
import { fakeCommands } from "../../../support/fake-commands.ts";
import { fakeContext } from "../../../support/fake-context.ts";

const STAGE = { id: "answer", command: "answer", inputs: {}, outputs: {}, estimate: { seconds: 1, tokens: 0 } };

describe("commandStage", () => {
  it("is what a person would type, and leaves out what is not given", ({ expect }) => {
    const options = { topK: 5, json: true, gainTest: false, runs: ["a", "b c"], encoder: undefined, name: "it's" };
    const stage = commandStage({ ...STAGE, options, passing: { cache: ".aar" } }, fakeCommands().find);
    expect(stage.commandLine).toBe(
      String.raw`npm run aar -- answer --top-k 5 --json --no-gain-test --runs 'a,b c' --name 'it'\''s' --cache .aar`,
    );
    // `cache` changes no result: it is no reason to run again.
    expect(stage.options).not.toHaveProperty("cache");
  });

  it("reads what the command printed, and counts its tokens", async ({ expect }) => {
    const stage = commandStage({ ...STAGE, options: { output: "/dev/null/x" }, command: "score" }, async () => ({
      ...(await fakeCommands().find("score")),
      async execute(_, { print }) {
        print('{"promptTokens": 5,');
        print('"completionTokens": 2}');
      },
    }));
    const context = fakeContext();
    expect(await stage.run(context)).toEqual({ tokens: 7, facts: { promptTokens: 5, completionTokens: 2 } });
    expect(context.printed).toEqual([]);
  });

  it("keeps text that is no JSON as text", async ({ expect }) => {
    const stage = commandStage({ ...STAGE, options: {} }, async () => ({
      ...(await fakeCommands().find("answer")),
      async execute(_, { print }) {
        print("a table");
      },
    }));
    expect(await stage.run(fakeContext())).toEqual({ tokens: 0, facts: "a table" });
  });
});
