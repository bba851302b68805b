import { readFile } from "node:fs/promises";
import * as fc from "fast-check";
import { test } from "vitest";
import { AppError } from "../../../../src/shared/errors.ts";
import { inspectModel } from "../../../../training/autodiff/inspect-model.ts";
import { buildTrainingProgram } from "../../../../training/autodiff/training-program.ts";
import { encodeModelProto } from "../../../../training/onnx/codec.ts";
import type { ModelProto } from "../../../../training/onnx/proto.ts";
import { decodeModel } from "../../../../training/onnx/reader.ts";
import { TRAINING_FIXTURE_MODEL } from "../../../support/training-fixture.ts";

const BYTES = new Uint8Array(await readFile(TRAINING_FIXTURE_MODEL));

/** Ways to make a well-formed file that means something else, by positions of two nodes and of a tensor. */
const DAMAGES: Readonly<Record<string, (model: ModelProto, places: readonly [number, number, number]) => void>> = {
  "another operator": change((_, other) => ({ opType: other.opType })),
  "another node's inputs": change((_, other) => ({ input: [...other.input] })),
  "an input less": change((node) => ({ input: node.input.slice(0, -1) })),
  "a first input from elsewhere, perhaps in a circle": change((node, other) => ({
    input: [other.output[0] ?? "", ...node.input.slice(1)],
  })),
  "another node's attributes": change((_, other) => ({ attribute: other.attribute })),
  "no attributes": change(() => ({ attribute: [] })),
  "other axes": change((node, _, number) => ({
    attribute: node.attribute.map((attribute) => ({
      ...attribute,
      ints: attribute.ints.map(() => number - 4),
      ...(Object.hasOwn(attribute, "i") ? { i: number - 4 } : {}),
    })),
  })),
  "an output more": change((node) => ({ output: [node.output[0] ?? "", "extra"] })),
  "a weight's axes reversed": ({ graph }, [, , tensor]) => {
    graph.initializer[tensor % graph.initializer.length]?.dims.reverse();
  },
  "an axis more in a weight": ({ graph }, [, , tensor]) => {
    graph.initializer[tensor % graph.initializer.length]?.dims.push(1);
  },
};

type Node = ModelProto["graph"]["node"][number];

function change(fields: (node: Node, other: Node, number: number) => Partial<Node>): (typeof DAMAGES)[string] {
  return ({ graph }, [first, second, number]) => {
    const [node, other] = [graph.node[first % graph.node.length], graph.node[second % graph.node.length]];
    if (node !== undefined && other !== undefined) {
      Object.assign(node, fields(node, other, number % 9));
    }
  };
}

/** Throws what reading, describing and differentiating the model throws. */
function use(bytes: Uint8Array): void {
  inspectModel(decodeModel(bytes));
  const model = decodeModel(bytes);
  buildTrainingProgram({
    encoder: {
      model,
      inputs: ["input_ids", "attention_mask", "token_type_ids"],
      output: model.graph.output[0]?.name ?? "",
      pooling: "mean",
      normalize: true,
    },
    write: (build, encode) => {
      const loss = build.reduceSum(encode("texts"), [0, 1], { keepDims: false });
      return { outputs: { loss }, seeds: new Map([[loss, build.scalar(1)]]) };
    },
  });
}

test("a model that is bent somewhere is differentiated or refused as such, never a defect of ours", ({ expect }) => {
  const damage = fc.tuple(fc.constantFrom(...Object.keys(DAMAGES)), fc.tuple(fc.nat(), fc.nat(), fc.nat()));
  fc.assert(
    fc.property(fc.array(damage, { minLength: 1, maxLength: 3 }), (damages) => {
      const model = decodeModel(BYTES.slice());
      for (const [name, places] of damages) {
        DAMAGES[name]?.(model, places);
      }
      try {
        use(encodeModelProto(model));
      } catch (error) {
        expect(error).toBeInstanceOf(AppError);
        expect(error).toMatchObject({ code: "invalid_artifact" });
      }
    }),
    { numRuns: 60 },
  );
});

test("an axis that an input does not have is named with its node", ({ expect }) => {
  const model = decodeModel(BYTES.slice());
  const node = model.graph.node.find(({ opType }) => opType === "Concat");
  for (const attribute of node?.attribute ?? []) {
    attribute.i = 7;
  }
  expect(() => use(encodeModelProto(model))).toThrow(
    /Concat ".+" works along an axis that its input of 1 axes does not have/u,
  );
});
