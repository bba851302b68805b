import { test } from "vitest";
import { LOSSES } from "../../../../training/losses/registry.ts";
import { trainingLoss } from "../../../../training/trainer/training-loss.ts";
import { builtModel } from "../../../support/built-model.ts";

const ENCODER = { name: "tiny", dims: 8, normalize: true, similarity: "cosine" } as const;
const OPTIONS = {
  mode: "query-encoder",
  loss: "contrastive",
  temperature: 0.05,
  teacherTemperature: 1,
  positives: "variable",
  matryoshka: undefined,
} as const;

/** Operators of a loss: a cosine has a root, a plain product has none. */
const operators = (loss: ReturnType<typeof trainingLoss>): string[] =>
  builtModel((build) => {
    const embeddings = { queries: build.input("queries", ["q", 8]), passages: build.input("passages", ["p", 8]) };
    return loss.build(build, embeddings);
  }).graph.node.map(({ opType }) => opType);

test("unit vectors are compared by their product, cuts of them by the cosine", ({ expect }) => {
  expect(operators(trainingLoss(OPTIONS, ENCODER))).not.toContain("Sqrt");
  expect(operators(trainingLoss(OPTIONS, { ...ENCODER, normalize: false }))).toContain("Sqrt");
  const cut = trainingLoss({ ...OPTIONS, matryoshka: [8, 4] }, ENCODER);
  expect(cut.name).toBe("matryoshka(contrastive)");
  expect(operators(cut).filter((operator) => operator === "Sqrt")).toHaveLength(4); // two sides, two widths
});

test.for(Object.keys(LOSSES) as (keyof typeof LOSSES)[])("%s has modes that train with it", (loss, { expect }) => {
  const mode = loss === "embedding-alignment" ? "distill" : "both";
  expect(trainingLoss({ ...OPTIONS, mode, loss }, ENCODER).name).toBe(loss);
});

test.for([
  ["a loss without its data", { loss: "embedding-alignment" }, {}, /mode query-encoder has no target vectors/u],
  ["a contrast in distill", { mode: "distill" }, {}, /mode distill trains with "embedding-alignment" only/u],
  ["more dims than there are", { matryoshka: [16, 8] }, {}, /--matryoshka 16,8: .* 1 to the encoder's 8/u],
  ["dims given twice", { matryoshka: [4, 4] }, {}, /--matryoshka 4,4: expected different numbers/u],
  ["Euclidean distance", {}, { similarity: "euclidean" }, /no loss trains for that/u],
] as const)("%s is refused", ([, options, encoder, message], { expect }) => {
  expect(() => trainingLoss({ ...OPTIONS, ...options }, { ...ENCODER, ...encoder })).toThrow(message);
});

test("the teacher's temperature decides how much its best passage counts", ({ expect }) => {
  const batch = {
    queryIds: ["q"],
    passageQuery: [0, 0],
    isPositive: [true, false],
    teacherScores: new Float32Array([1, 0]),
  };
  const weightOfBest = (teacherTemperature: number): number => {
    const loss = trainingLoss({ ...OPTIONS, loss: "kl-distillation", teacherTemperature }, ENCODER);
    const feeds = [...loss.feeds(batch).values()];
    return Number(feeds.find(({ data }) => data instanceof Float32Array && data.length === 2)?.data[0]);
  };
  expect(weightOfBest(1)).toBeCloseTo(Math.E / (Math.E + 1), 6);
  expect(weightOfBest(0.1)).toBeCloseTo(1 / (1 + Math.exp(-10)), 6);
});
