import { z } from "zod";
import { AppError } from "../../../src/shared/errors.ts";
import { parseJsonOutput } from "../../wrangler/wrangler.ts";
import type { DeploymentStep } from "../deployment-step.ts";

const LIST = ["vectorize", "list", "--json"];
const indexesSchema = z
  .array(
    z.looseObject({
      name: z.string(),
      config: z.looseObject({ dimensions: z.int(), metric: z.string() }),
    }),
  )
  .nullable();

/** The vector index. Dimensions and metric are fixed for its life, so another one of that name is refused, not changed. */
export const vectorIndexStep: DeploymentStep = {
  title: "vector index",
  async run({ wrangler, configuration: { vectorIndex: name, vectorSettings } }) {
    const { dimensions, metric } = vectorSettings;
    const stdout = await wrangler.look(LIST);
    const indexes = stdout === undefined ? [] : (parseJsonOutput(stdout, indexesSchema, LIST) ?? []);
    const existing = indexes.find((index) => index.name === name);
    if (existing === undefined) {
      await wrangler.change(["vectorize", "create", name, `--dimensions=${dimensions}`, `--metric=${metric}`]);
      return `${name}: created, ${dimensions} dimensions, ${metric}`;
    }
    const { config } = existing;
    if (config.dimensions !== dimensions || config.metric !== metric) {
      throw new AppError(
        "configuration_invalid",
        `the vector index "${name}" has ${config.dimensions} dimensions and the metric ${config.metric}, EMBEDDED_VECTORIZE in wrangler.toml says ${dimensions} and ${metric}; name another index_name, or delete that index with its vectors (npx wrangler vectorize delete ${name})`,
      );
    }
    return `${name}: was there, ${dimensions} dimensions, ${metric}`;
  },
};
