import path from "node:path";
import { encodeQueryAdapter } from "../../../src/encoder/query-adapter.ts";
import type { AdapterWeights } from "../../../src/encoder/query-adapter.ts";
import { writeFileAtomic } from "../../artifacts/atomic-file.ts";
import { writeMeta } from "../../artifacts/meta.ts";
import { DEFAULT_ENCODER } from "../../encoder/default-encoder.ts";
import { loadEncoder } from "../../encoder/load-encoder.ts";
import { DEV_MEASURE, devScore } from "../dev-set.ts";
import { encoderSettings } from "../encoder-settings.ts";
import type { PreparedRun, RunContext } from "../prepared-run.ts";
import { samplingOf } from "../step-options.ts";
import { trainingLoss } from "../training-loss.ts";
import { encodeQueries, loadFrozenPassages } from "./frozen-passages.ts";
import { adapterWeights, queryAdapterTask } from "./query-adapter.ts";

/** Name of the result in the output folder. */
const ADAPTER_FILE = "adapter.safetensors";

/** Mode `query-adapter`: everything is encoded once, by the encoder that will serve. */
export async function prepareQueryAdapter(context: RunContext): Promise<PreparedRun> {
  const { options, threads } = context;
  const encoder = await loadEncoder(options.encoder ?? DEFAULT_ENCODER, { threads, ...encoderSettings(options) });
  const { manifest, fingerprint } = encoder;
  const given = { ...context, encoder };
  const frozen = await loadFrozenPassages({ ...given, needsQueryVectors: true });
  const { vectors, search, examples, queryVectors, guide, dev, inputs, facts } = frozen;
  const devVectors = dev === undefined ? [] : await encodeQueries(dev.queries, given);
  const task = await queryAdapterTask({
    kind: options.adapter,
    width: options.adapterWidth,
    dims: manifest.dims,
    normalize: manifest.normalize,
    loss: trainingLoss(options, manifest),
    identityWeight: options.identityWeight,
    examples,
    queryVectors: queryVectors ?? { matrix: new Float32Array(0), dims: manifest.dims },
    passageVectors: { matrix: vectors.matrix, dims: manifest.dims },
    sampling: samplingOf(options),
    guide,
    threads,
    score:
      dev === undefined
        ? undefined
        : (adapt) => devScore({ set: dev, queryVectors: devVectors.map(adapt), search, passageIds: vectors.ids }),
    measure: DEV_MEASURE,
  });
  return {
    task,
    inputs,
    facts,
    async finish({ step, best }, blend) {
      const blended = blend === undefined ? {} : { blend };
      const file = path.join(options.output, ADAPTER_FILE);
      const { kind, dims, normalize } = { kind: options.adapter, ...manifest };
      const bytes = await encodeQueryAdapter(
        {
          name: options.name ?? `${manifest.name}-adapter`,
          kind,
          dims,
          normalize,
          compatibleWith: fingerprint,
          queryModel: manifest.model.sha256,
          provenance: { steps: best?.step ?? step, dev: best, ...blended, inputs, ...facts },
        },
        options.adapterDtype === "float16"
          ? toFloat16(adapterWeights(task.parameters))
          : adapterWeights(task.parameters),
      );
      await writeFileAtomic(file, bytes);
      await writeMeta(file, {
        stage: "train",
        schemaVersion: 1,
        options: { ...options },
        inputs,
        facts: { ...facts, best, ...blended },
      });
      return file;
    },
    close: async () => {
      await task.close();
      await search.close();
    },
  };
}

function toFloat16(weights: AdapterWeights): AdapterWeights {
  return new Map([...weights].map(([name, { shape, data }]) => [name, { shape, data: Float16Array.from(data) }]));
}
