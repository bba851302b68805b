import { writeFile } from "node:fs/promises";
import path from "node:path";
import { describe, test } from "vitest";
import { DATA_TYPE } from "../../../../training/onnx/data-type.ts";
import { encodeModel } from "../../../../training/onnx/writer.ts";
import { graphModel } from "../../../support/onnx-graph.ts";
import { runCliInProcess as runCli } from "../../../support/run-cli-in-process.ts";
import { temporaryFolder } from "../../../support/temporary-folder.ts";
import { TRAINING_FIXTURE_MODEL } from "../../../support/training-fixture.ts";

describe("aar inspect", () => {
  test("shows inputs, outputs, operators with their rules, parameters and the backward graph", async ({ expect }) => {
    const { code, stdout } = await runCli(["inspect", TRAINING_FIXTURE_MODEL, "--backward"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^operator sets +ONNX 14$/mu);
    expect(stdout).toMatch(/^input +input_ids +int64 \[/mu);
    expect(stdout).toMatch(/^output +last_hidden_state +float \[.*, \d+\]$/mu);
    expect(stdout).toMatch(/^parameters +\d+ tensors/mu);
    expect(stdout).toMatch(/^MatMul +\d+ +rule$/mu);
    expect(stdout).toMatch(/^Shape +\d+ +not needed$/mu);
    expect(stdout).toMatch(/^backward: \d+ nodes forward, \d+ with the gradients, \d+ after/mu);
    expect(stdout).toMatch(/^com\.microsoft\.FusedMatMul +\d+$/mu);
  });

  test("says which operator has no rule", async ({ expect, onTestFinished }) => {
    const model = graphModel({
      nodes: [
        ["Gather", ["table", "input_ids"], ["rows"]],
        ["Acos", ["rows"], ["states"]],
      ],
      inputs: { input_ids: DATA_TYPE.int64, attention_mask: DATA_TYPE.int64, table: DATA_TYPE.float },
      outputs: ["states"],
    });
    const file = path.join(await temporaryFolder(onTestFinished), "model.onnx");
    await writeFile(file, encodeModel(model));
    const { stdout } = await runCli(["inspect", "--model", file, "--json"]);
    const operators = JSON.parse(stdout).model.operators;
    expect(operators).toContainEqual({ operator: "Acos", nodes: 1, derivative: "none" });
  });

  test("prints the rules without a model", async ({ expect }) => {
    const { stdout } = await runCli(["inspect", "--rules"]);
    expect(stdout).toMatch(/^matrix +MatMul/mu);
  });

  test("wants a model or --rules", async ({ expect }) => {
    const { code, stderr } = await runCli(["inspect"]);
    expect(code).toBe(2);
    expect(stderr).toContain("give a model, or --rules");
  });
});
