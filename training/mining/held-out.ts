import path from "node:path";
import { AppError } from "../../src/shared/errors.ts";

export interface HeldOutCheck {
  /** Folder of the data set; its last part is its name. */
  readonly folder: string;
  readonly split: string;
  /** Splits that the set has. */
  readonly splits: readonly string[];
  /** `name` or `name:split` of what an experiment keeps for its tests. */
  readonly heldOut?: readonly string[];
  /** The caller says that the test split may be used, which only a set without any other split allows. Default false. */
  readonly allowTest?: boolean;
  /** What the questions would be used for: "training", "mining", "fitting a fusion". */
  readonly purpose: string;
}

/**
 * Refuses questions that results will be reported on: a split named `test…`, and what an experiment lists as held out. What
 * was trained, mined or selected on them would report its own memory.
 * @throws AppError `invalid_request` that says what to use instead.
 */
export function checkNotHeldOut({
  folder,
  split,
  splits,
  heldOut = [],
  allowTest = false,
  purpose,
}: HeldOutCheck): void {
  const name = path.basename(path.resolve(folder));
  const listed = heldOut.find((entry) => entry === name || entry === `${name}:${split}`);
  if (listed !== undefined) {
    throw new AppError("invalid_request", `${name} (${split}) is held out ("${listed}") and not for ${purpose}`);
  }
  if (!isTestSplit(split)) {
    return;
  }
  const others = splits.filter((other) => !isTestSplit(other));
  if (others.length > 0) {
    throw new AppError(
      "invalid_request",
      `${name}: split "${split}" is a test split and not for ${purpose}; the set also has ${others.toSorted().join(", ")}`,
    );
  }
  if (!allowTest) {
    throw new AppError(
      "invalid_request",
      `${name}: split "${split}" is a test split and not for ${purpose}. The set has no other: cut it by a hash with \`npm run aar -- split\`, or say --allow-test-split when all of it is meant for training`,
    );
  }
}

/** `test`, `test-seen`, `TEST2019`: named as what results are reported on. */
export function isTestSplit(split: string): boolean {
  return /^test/iu.test(split);
}
