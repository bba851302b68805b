/**
 * Quantises bge-small (12 layers, first token's state, a query prefix) for both engines and compares their embeddings with fp32's,
 * as a check that the edge engine is not made for MiniLM:
 *
 *     node scripts/check/edge-engine-bge-small.ts --encoder DIR [--threads 2]
 *
 * DIR has the fp32 `model.onnx` and `tokenizer.json` of bge-small-en-v1.5; langchain4j's Maven artifact of that model has both
 * under other names. Texts are the demo corpus; there is no calibration. Exits with 1 when the edge engine is less faithful than
 * onnxruntime with the same weights in int8.
 */
import path from "node:path";
import { loadCorpus } from "../../training/artifacts/beir.ts";
import { quantizeCommand } from "../../training/commands/quantize.ts";
import { loadEncoder } from "../../training/encoder/load-encoder.ts";
import { formatTable } from "../../training/format-table.ts";
import { createProgress } from "../../training/progress.ts";
import { measureParity } from "../../training/quantization/parity.ts";
import type { SampledTexts } from "../../training/quantization/sample-texts.ts";
import { writeDemoCorpus } from "../demo-corpus/demo-data.ts";
import { parseScriptFlags } from "../script-flags.ts";
import { withBgeSmall } from "./bge-small/with-encoder.ts";

const SETTINGS = {
  pooling: "cls",
  queryPrefix: "Represent this sentence for searching relevant passages: ",
  maxQueryLength: 64,
  maxPassageLength: 256,
} as const;
/** Every so many passages of the demo corpus; their titles are the queries. */
const EVERY = 80;
/** Means that differ by less are equal. */
const TOLERANCE = 1e-5;

const { values } = parseScriptFlags({
  options: { encoder: { type: "string" }, threads: { type: "string", default: "2" } },
});
await withBgeSmall(values.encoder, check);

async function check(model: string, folder: string): Promise<number> {
  const threads = Number(values.threads);
  const texts = await demoTexts(folder);
  const reference = await loadEncoder(model, { ...SETTINGS, threads });
  const means: Record<string, number> = {};
  const rows: string[][] = [];
  for (const engine of ["edge", "onnx"] as const) {
    const output = path.join(folder, engine);
    const options = { model, output, engine, force: true, calibrationTexts: 0, maxMebibytes: 64, ...SETTINGS };
    await quantizeCommand.execute(options, {
      print: () => undefined,
      log: (text) => {
        process.stderr.write(`${text}\n`);
      },
      progress: (progress) => createProgress({ ...progress, stream: process.stderr }),
      env: {},
      signal: new AbortController().signal,
    });
    const candidate = await loadEncoder(output, { threads });
    const parity = await measureParity({ reference, candidate, texts });
    means[engine] = parity.passages.meanCosine + parity.queries.meanCosine;
    for (const [kind, { texts: count, meanCosine, worstCosine }] of Object.entries(parity)) {
      rows.push([`${engine}, ${kind}`, String(count), meanCosine.toFixed(5), worstCosine.toFixed(5)]);
    }
  }
  console.log(formatTable(["cosine to fp32", "texts", "mean", "worst"], rows));
  return (means["edge"] ?? 0) >= (means["onnx"] ?? 1) - TOLERANCE ? 0 : 1;
}

async function demoTexts(folder: string): Promise<SampledTexts> {
  const { file } = await writeDemoCorpus(folder);
  const passages = (await loadCorpus(file)).filter((_, index) => index % EVERY === 0);
  return { passages, queries: passages.map(({ title }) => title) };
}
