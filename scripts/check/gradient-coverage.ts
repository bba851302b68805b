/**
 * What stands behind each derivative rule:
 *
 *     node scripts/check/gradient-coverage.ts
 *
 * For every operator with a rule the number of test cases, the largest error of its gradients against finite differences of
 * onnxruntime's own forward results (relative to the gradient's length; extrapolated from two steps, sums in double), and the
 * exported encoders with that operator whose whole gradient agrees with PyTorch's within 1e-4 (`families.test.ts`, `training-session.test.ts`). Exits with
 * 1 when a rule has no case or an error is above 1e-3.
 */
import { readdir, readFile } from "node:fs/promises";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import { GRADIENT_CASES, operatorOf, UNTESTABLE_OPERATORS } from "../../test/support/gradient-cases.ts";
import { gradientError } from "../../test/support/gradient-check.ts";
import { TRAINING_FIXTURE_MODEL } from "../../test/support/training-fixture.ts";
import type { EncoderSpec } from "../../training/autodiff/encoder-spec.ts";
import { prepareEncoder } from "../../training/autodiff/encoder-towers.ts";
import { RULE_FAMILIES } from "../../training/autodiff/registry.ts";
import { formatTable } from "../../training/format-table.ts";
import { decodeModel } from "../../training/onnx/reader.ts";

const LARGEST_ERROR = 1e-3;
const FIXTURES = path.resolve(import.meta.dirname, "../../test/fixtures/autodiff");

const encoders = await readEncoders();
let failures = 0;
const rows: string[][] = [];
for (const [family, rules] of Object.entries(RULE_FAMILIES)) {
  for (const operator of Object.keys(rules)) {
    const cases = GRADIENT_CASES.filter((each) => operatorOf(each) === operator);
    let error = 0;
    for (const [, given] of cases) {
      error = Math.max(error, await gradientError(given));
    }
    const isTested = cases.length > 0 || UNTESTABLE_OPERATORS.includes(operator);
    failures += Number(!isTested || error > LARGEST_ERROR);
    const exports = [...encoders].flatMap(([name, operators]) => (operators.has(operator) ? [name] : []));
    rows.push([
      family,
      operator,
      String(cases.length),
      cases.length === 0 ? "no kernel" : error.toExponential(1),
      exports.join(" "),
    ]);
  }
}
console.log(formatTable(["family", "operator", "cases", "error", "exports that agree with PyTorch"], rows));
process.exitCode = failures === 0 ? 0 : 1;

/** Operators of each kind of encoder, as either exporter of PyTorch writes it and as it is differentiated. */
async function readEncoders(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const files = (await readdir(FIXTURES)).filter((name) => name.endsWith(".onnx.gz"));
  const kinds = Map.groupBy(files.toSorted(), (file) => file.replace(/(?:-dynamo)?\.onnx\.gz$/u, ""));
  const bert = new Set(await operatorsOf(TRAINING_FIXTURE_MODEL));
  const encoders = new Map<string, ReadonlySet<string>>([["bert", bert]]);
  for (const [kind, variants] of kinds) {
    const operators = await Promise.all(variants.map((file) => operatorsOf(path.join(FIXTURES, file))));
    encoders.set(kind, new Set(operators.flat()));
  }
  return encoders;
}

async function operatorsOf(file: string): Promise<readonly string[]> {
  const bytes = await readFile(file);
  const model = decodeModel(file.endsWith(".gz") ? gunzipSync(bytes) : bytes);
  const exported = model.graph.node.map(({ opType }) => opType);
  const spec: EncoderSpec = {
    model,
    inputs: ["input_ids", "attention_mask"],
    output: model.graph.output[0]?.name ?? "",
    pooling: "mean",
    normalize: false,
  };
  return [...exported, ...prepareEncoder(spec).graph.nodes.map(({ opType }) => opType)];
}
