import { describe, test } from "vitest";
import { buildTrainingProgram } from "../../../../training/autodiff/training-program.ts";
import type { GraphBuilder } from "../../../../training/onnx/graph-builder.ts";

/** The operators of the graph of a loss and its gradient by x. */
function compiledOperators(formula: (build: GraphBuilder) => string): string[] {
  const { model } = program(formula);
  return model.graph.node.map(({ opType }) => opType);
}

function program(formula: (build: GraphBuilder) => string): ReturnType<typeof buildTrainingProgram> {
  return buildTrainingProgram({
    wrt: ["x"],
    write: (build) => {
      build.input("x", ["rows", 3]);
      const loss = formula(build);
      return { outputs: { loss }, seeds: new Map([[loss, build.scalar(1)]]) };
    },
  });
}

describe("differentiate", () => {
  test("names operator, node and path when there is no rule", ({ expect }) => {
    const run = () =>
      program((build) => build.reduceSum(build.op("Acos", [build.exp(build.neg("x"))]), [0, 1], { keepDims: false }));
    expect(run).toThrow(
      'operator Acos of node "acos_node" has no derivative rule, but a gradient has to pass it: x → Neg → Exp → [Acos] → ReduceSum → reducesum',
    );
  });

  test("says which input has no derivative", ({ expect }) => {
    const run = () =>
      program((build) => build.op("Clip", [build.scalar(1), build.reduceMax("x", [0, 1], { keepDims: false })]));
    expect(run).toThrow('operator Clip of node "clip_node" has no derivative for its input 1');
  });

  test("leaves integers, conditions and shapes without gradient", ({ expect }) => {
    const operators = compiledOperators((build) => {
      const size = build.cast(build.op("Size", [build.where(build.op("Greater", ["x", build.scalar(0)]), "x", "x")]));
      return build.div(build.reduceSum("x", [0, 1], { keepDims: false }), size);
    });
    expect(operators.filter((name) => name === "Where")).toHaveLength(1);
  });

  test("an operator without a rule is no obstacle where no gradient passes", ({ expect }) => {
    const operators = compiledOperators((build) => {
      const factor = build.op("Acos", [build.scalar(0.5)]);
      return build.reduceSum(build.mul("x", factor), [0, 1], { keepDims: false });
    });
    expect(operators).toContain("Acos");
  });

  test("merges what both passes compute, and drops what neither needs", ({ expect }) => {
    const { nodeCounts, model } = program((build) => {
      const root = build.sqrt(build.exp("x"));
      build.op("Tanh", [root]);
      return build.reduceSum(build.add(root, build.sqrt(build.exp("x"))), [0, 1], { keepDims: false });
    });
    const operators = model.graph.node.map(({ opType }) => opType);
    expect(operators.filter((name) => name === "Exp")).toHaveLength(1);
    expect(operators).not.toContain("Tanh");
    expect(nodeCounts.final).toBeLessThan(nodeCounts.written);
  });

  test("a value that the loss does not depend on has no gradient", ({ expect }) => {
    const { gradients } = buildTrainingProgram({
      wrt: ["x", "z"],
      write: (build) => {
        const loss = build.reduceSum(build.input("x", [2]), [0]);
        build.input("z", [2]);
        return { outputs: { loss }, seeds: new Map([[loss, build.scalar(1)]]) };
      },
    });
    expect([...gradients.keys()]).toEqual(["x"]);
  });
});
