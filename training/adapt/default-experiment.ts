import path from "node:path";
import { AppError } from "../../src/shared/errors.ts";
import { listSplits, readAllQrels } from "../artifacts/beir.ts";
import { isTestSplit } from "../mining/held-out.ts";
import { isUrl } from "./experiment.ts";
import { readSetQuestions } from "./set-questions.ts";

/** What `aar adapt` is told in place of an experiment file. */
export interface DefaultExperimentOptions {
  /** BEIR-style folder with splits `train` and `test…`. */
  readonly data: string;
  /** Source LM: a file, a folder or a server. */
  readonly lm: string;
  /** Of a server: its name of the LM. */
  readonly model: string | undefined;
  /** Of an LM in int8: the same in fp32. */
  readonly reference: string | undefined;
  /** Passage vectors of `aar encode`; undefined: encoded first. */
  readonly vectors: string | undefined;
}

export interface DefaultExperiment {
  readonly name: string;
  /** The experiment file's text; its paths are absolute. */
  readonly text: string;
}

/** The split that is learned from. */
const TRAIN = "train";
/** The split that chooses checkpoints, where there is one. */
const DEV = "dev";

/**
 * The experiment of the default recipe: preset `edge`, a query adapter, every split `test…` measured before and after. Without
 * judgments of the training questions it learns from the LM alone; with them also from people, and both.
 * @throws AppError `invalid_request` for a folder without split `train`, without a test split, or without judged test questions.
 */
export async function defaultExperiment(options: DefaultExperimentOptions): Promise<DefaultExperiment> {
  const { lm, model, reference, vectors } = options;
  const data = path.resolve(options.data);
  const splits = await listSplits(data);
  const tests = splits.filter((split) => isTestSplit(split));
  if (!splits.includes(TRAIN) || tests.length === 0) {
    throw new AppError(
      "invalid_request",
      `${options.data} needs a split ${TRAIN} to learn from and one named test… to measure the gain on, it has ${splits.join(", ") || "none"}; \`npm run aar -- split --data ${options.data} --output DIR --shares train=0.8,test=0.2\` cuts one`,
    );
  }
  const judged = await readAllQrels(data);
  const areJudged = async (split: string): Promise<boolean> => {
    const questions = await readSetQuestions({ name: split, data, split, where: undefined });
    return questions.some(({ id }) => (judged.get(id)?.size ?? 0) > 0);
  };
  if (!(await Promise.all(tests.map(areJudged))).includes(true)) {
    throw new AppError(
      "invalid_request",
      `${options.data}: no question of ${tests.join(", ")} is judged, so no gain could be measured; judge some in qrels.tsv (query-id, corpus-id, score), or take questions with known passages (\`npm run aar -- synthesize\`) as the test`,
    );
  }
  const isJudged = await areJudged(TRAIN);
  const set = (split: string, role: string) => [split, { data, split, role }] as const;
  // Its work folder is .aar/<name>, where the questions may be too.
  const name = `${slug(path.basename(data))}-adapted`;
  const experiment = {
    schemaVersion: 1,
    name,
    ...(vectors === undefined ? {} : { vectors: path.resolve(vectors) }),
    sets: Object.fromEntries([
      set(TRAIN, "train"),
      ...(splits.includes(DEV) ? [set(DEV, "dev")] : []),
      ...tests.map((split) => set(split, "test")),
    ]),
    score: {
      lm: isUrl(lm) ? lm : path.resolve(lm),
      ...(model === undefined ? {} : { model }),
      ...(reference === undefined ? {} : { reference: path.resolve(reference) }),
    },
    modes: ["query-adapter"],
    conditions: isJudged ? ["human", "lm", "both"] : ["lm"],
  };
  return { name, text: `${JSON.stringify(experiment, undefined, 2)}\n` };
}

function slug(text: string): string {
  const plain = text
    .toLowerCase()
    .replaceAll(/[^a-z\d]+/gu, "-")
    .replaceAll(/^-+|-+$/gu, "");
  return plain === "" ? "questions" : plain;
}
