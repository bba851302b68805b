import { z } from "zod";
import { AppError } from "../../../src/shared/errors.ts";
import { parseJsonOutput } from "../../wrangler/wrangler.ts";
import type { DeploymentContext, DeploymentStep } from "../deployment-step.ts";

const indexesSchema = z.array(z.looseObject({ propertyName: z.string(), indexType: z.string() }));
const infoSchema = z.looseObject({ vectorCount: z.int() });

/** Creating one is a mutation of the index like any other: seen within seconds, now and then within minutes. */
const LOOKS = 24;
const WAIT_MS = 5_000;

/**
 * The metadata indexes: a vector is filterable by those only that were there before it. So this comes before anything that
 * could write a vector, and is waited for.
 */
export const metadataIndexesStep: DeploymentStep = {
  title: "metadata indexes",
  async run(context) {
    const { wrangler, configuration, warn, isDry } = context;
    const { vectorIndex: name, vectorSettings } = configuration;
    const wanted = Object.entries(vectorSettings.metadataIndexes);
    const existing = await list(context);
    const missing = wanted.filter(([property, type]) => {
      const found = existing.get(property);
      if (found !== undefined && found !== type) {
        throw new AppError(
          "configuration_invalid",
          `the metadata index "${property}" of "${name}" is of type ${found}, EMBEDDED_VECTORIZE in wrangler.toml says ${type}; delete it first (npx wrangler vectorize delete-metadata-index ${name} --property-name=${property})`,
        );
      }
      return found === undefined;
    });
    if (missing.length > 0 && existing.size > 0) {
      await warnOfVectors(context, missing);
    }
    for (const [property, type] of missing) {
      await wrangler.change([
        "vectorize",
        "create-metadata-index",
        name,
        `--property-name=${property}`,
        `--type=${type}`,
      ]);
    }
    if (missing.length > 0 && !isDry) {
      await waitFor(context, missing);
    }
    const extra = [...existing.keys()].filter((property) => !(property in vectorSettings.metadataIndexes));
    if (extra.length > 0) {
      warn(`the vector index has metadata indexes that EMBEDDED_VECTORIZE does not name: ${extra.join(", ")}`);
    }
    return wanted.length === 0
      ? "none wanted"
      : `${wanted.map(([property]) => property).join(", ")} (${missing.length} new)`;
  },
};

async function list({ wrangler, configuration }: DeploymentContext): Promise<ReadonlyMap<string, string>> {
  const command = ["vectorize", "list-metadata-index", configuration.vectorIndex, "--json"];
  const stdout = await wrangler.look(command);
  const indexes = stdout === undefined ? [] : parseJsonOutput(stdout, indexesSchema, command);
  return new Map(indexes.map(({ propertyName, indexType }) => [propertyName, indexType.toLowerCase()]));
}

async function warnOfVectors(
  { wrangler, configuration, warn }: DeploymentContext,
  missing: readonly (readonly [string, string])[],
): Promise<void> {
  const command = ["vectorize", "info", configuration.vectorIndex, "--json"];
  const stdout = await wrangler.look(command);
  const count = stdout === undefined ? 0 : parseJsonOutput(stdout, infoSchema, command).vectorCount;
  if (count > 0) {
    const names = missing.map(([property]) => property).join(", ");
    warn(`the ${count} vectors that are there already will not be found by ${names}; upload or import them again`);
  }
}

async function waitFor(context: DeploymentContext, missing: readonly (readonly [string, string])[]): Promise<void> {
  for (let look = 0; look < LOOKS; look++) {
    const existing = await list(context);
    if (missing.every(([property]) => existing.has(property))) {
      return;
    }
    context.signal.throwIfAborted();
    await context.sleep(WAIT_MS);
  }
  throw new AppError(
    "command_failed",
    `the new metadata indexes do not show after ${(LOOKS * WAIT_MS) / 60_000} minutes; look with \`npx wrangler vectorize list-metadata-index ${context.configuration.vectorIndex}\` and run the same command again`,
    { isRetryable: true },
  );
}
