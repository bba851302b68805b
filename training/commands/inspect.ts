import { z } from "zod";
import type { EncoderManifest } from "../../src/encoder/manifest.ts";
import { countOperators, inspectModel } from "../autodiff/inspect-model.ts";
import type { ModelInspection } from "../autodiff/inspect-model.ts";
import { RULE_FAMILIES } from "../autodiff/registry.ts";
import { buildTrainingProgram } from "../autodiff/training-program.ts";
import type { TrainingProgram } from "../autodiff/training-program.ts";
import { UsageError, defineCommand } from "../define-command.ts";
import { formatTable } from "../format-table.ts";
import type { ModelProto } from "../onnx/proto.ts";
import { readModel } from "../onnx/reader.ts";

/** `aar inspect`: what a model is made of, and whether it can be trained. */
export const inspectCommand = defineCommand({
  summary: "an ONNX file: inputs, operators, parameters, what has a derivative rule, the compiled backward graph",
  description: `Nothing is run. --backward compiles the gradient of an encoder's embeddings (mean pooling, unit length) by all its parameters
and shows its operators, and the number of nodes before and after dead and duplicate ones were removed; an operator
without a derivative rule on the way is an error that names it. --rules prints all rules, without a model.`,
  examples: ["inspect model.onnx", "inspect model.onnx --backward", "inspect --rules"],
  argument: "model",
  options: z.strictObject({
    model: z.string().optional().meta({ placeholder: "file", description: "ONNX file" }),
    backward: z.boolean().default(false).describe("compile the backward graph and show it"),
    output: z.string().optional().meta({
      placeholder: "name",
      description: "graph output that is the last hidden state, for --backward; default: the first",
    }),
    rules: z.boolean().default(false).describe("print every operator that has a derivative rule"),
    json: z.boolean().default(false).describe("print one JSON object"),
  }),
  async run({ model: file, backward, output, rules, json }, { print }) {
    if (file === undefined && !rules) {
      throw new UsageError("give a model, or --rules");
    }
    const model = file === undefined ? undefined : await readModel(file);
    const program = model !== undefined && backward ? compileBackward(model, output) : undefined;
    const report = {
      ...(model === undefined ? {} : { model: inspectModel(model) }),
      ...(program === undefined ? {} : { backward: describeProgram(program) }),
      ...(rules ? { rules: ruleTable() } : {}),
    };
    print(json ? JSON.stringify(report, undefined, 2) : formatReport(report));
  },
});

interface Report {
  readonly model?: ModelInspection;
  readonly backward?: ReturnType<typeof describeProgram>;
  readonly rules?: Readonly<Record<string, readonly string[]>>;
}

const TOKEN_INPUTS: EncoderManifest["model"]["inputs"] = ["input_ids", "attention_mask", "token_type_ids"];

function compileBackward(model: ModelProto, output = model.graph.output[0]?.name ?? ""): TrainingProgram {
  const inputs = TOKEN_INPUTS.filter((name) => model.graph.input.some((input) => input.name === name));
  return buildTrainingProgram({
    encoder: { model, inputs, output, pooling: "mean", normalize: true },
    write: (build, encode) => {
      const embeddings = encode("texts");
      const upstream = build.input("upstream", ["texts", "dims"]);
      return { outputs: { embeddings }, seeds: new Map([[embeddings, upstream]]) };
    },
  });
}

function describeProgram({ model, nodeCounts, gradients, rowGradients }: TrainingProgram) {
  return {
    nodeCounts,
    gradients: gradients.size,
    rowGradients: [...rowGradients.keys()],
    operators: countOperators(model.graph.node).map(({ operator, nodes }) => ({ operator, nodes })),
  };
}

function ruleTable(): Record<string, readonly string[]> {
  return Object.fromEntries(Object.entries(RULE_FAMILIES).map(([family, rules]) => [family, Object.keys(rules)]));
}

function formatReport({ model, backward, rules }: Report): string {
  return [
    ...(model === undefined ? [] : [formatModel(model)]),
    ...(backward === undefined ? [] : [formatBackward(backward)]),
    ...(rules === undefined ? [] : [formatRules(rules)]),
  ].join("\n\n");
}

function formatModel({ opsets, inputs, outputs, operators, initializers, parameters }: ModelInspection): string {
  const value = (kind: string, { name, dataType, dims }: ModelInspection["inputs"][number]): string =>
    `${kind}  ${name}  ${dataType} [${dims.join(", ")}]`;
  const count = (n: number): string => n.toLocaleString("en");
  return [
    `operator sets  ${opsets.map(({ domain, version }) => `${domain === "" ? "ONNX" : domain} ${version}`).join(", ")}`,
    ...inputs.map((input) => value("input ", input)),
    ...outputs.map((output) => value("output", output)),
    `initializers   ${initializers.tensors} tensors, ${count(initializers.elements)} elements`,
    `parameters     ${parameters.tensors} tensors, ${count(parameters.elements)} elements can be trained`,
    "",
    formatTable(
      ["operator", "nodes", "derivative"],
      operators.map(({ operator, nodes, derivative }) => [operator, String(nodes), derivative]),
    ),
  ].join("\n");
}

function formatBackward({ nodeCounts, gradients, rowGradients, operators }: NonNullable<Report["backward"]>): string {
  const { forward, written, final } = nodeCounts;
  return [
    `backward: ${forward} nodes forward, ${written} with the gradients, ${final} after dead and duplicate ones went`,
    `${gradients} gradients of whole tensors; of rows: ${rowGradients.join(", ") || "none"}`,
    "",
    formatTable(
      ["operator", "nodes"],
      operators.map(({ operator, nodes }) => [operator, String(nodes)]),
    ),
  ].join("\n");
}

function formatRules(rules: NonNullable<Report["rules"]>): string {
  const rows = Object.entries(rules).map(([family, names]) => `${family.padEnd(14)} ${names.join(" ")}`);
  const total = Object.values(rules).reduce((sum, names) => sum + names.length, 0);
  return [`${total} operators have a derivative rule`, ...rows].join("\n");
}
