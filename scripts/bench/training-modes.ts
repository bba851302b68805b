/**
 * What the modes that leave the passages alone cost:
 *
 *   node scripts/bench/training-modes.ts [--model DIR --corpus corpus.jsonl] [--threads 2] [--rounds 5] [--json]
 *
 * 1. Queries a second of `query-encoder` and of `both`, each with the batch of its mode's defaults, taking turns in one run,
 *    medians: DIR has the fp32 `model.onnx` and `tokenizer.json`, questions are the beginnings of passages of the corpus, of up to
 *    128 tokens, each with one positive and seven hard negatives. Without these two flags this part is left out.
 * 2. `query-adapter` over 28,000 queries x 5 epochs among 64,000 passages, vectors made up: search of the negatives, steps,
 *    checkpoints and the dev measure after each epoch, as `aar train` does it. Encoding the questions, which is done once and kept,
 *    is not in it.
 */
import { formatTable } from "../../training/format-table.ts";
import { parseScriptFlags } from "../script-flags.ts";
import { adapterRun } from "./training/adapter-run.ts";
import { encoderModes } from "./training/encoder-modes.ts";

const { values } = parseScriptFlags({
  options: {
    model: { type: "string" },
    corpus: { type: "string" },
    threads: { type: "string", default: "2" },
    rounds: { type: "string", default: "5" },
    json: { type: "boolean", default: false },
  },
});
const { model, corpus } = values;
const [threads, rounds] = [Number(values.threads), Number(values.rounds)];
const encoders =
  model === undefined || corpus === undefined ? undefined : await encoderModes({ model, corpus, threads, rounds });
const adapter = await adapterRun({ threads });
console.log(
  values.json
    ? JSON.stringify({ threads, encoders, adapter }, undefined, 2)
    : [...(encoders === undefined ? [] : [formatEncoders(encoders), ""]), formatAdapter(adapter)].join("\n"),
);

function formatEncoders({ modes, ratio, cpuRatio }: Awaited<ReturnType<typeof encoderModes>>): string {
  const rows = modes.map(({ mode, batchSize, tokens, seconds, optimizerSeconds }) => [
    mode,
    String(batchSize),
    tokens.toFixed(0),
    seconds.toFixed(3),
    optimizerSeconds.toFixed(3),
    (batchSize / seconds).toFixed(1),
  ]);
  const header = ["mode", "queries", "tokens of a step", "seconds", "of them optimiser", "queries/s"];
  const times = `query-encoder has ${ratio.toFixed(1)} times the queries/s of both (by processor time ${cpuRatio.toFixed(1)})`;
  return `${formatTable(header, rows)}\n${times}`;
}

function formatAdapter({
  queries,
  epochs,
  seconds,
  parts,
  before,
  after,
}: Awaited<ReturnType<typeof adapterRun>>): string {
  const shares = Object.entries(parts).map(([name, part]) => `${name} ${part.toFixed(1)} s`);
  return [
    `query-adapter    ${queries} queries x ${epochs} epochs in ${seconds.toFixed(1)} s: ${shares.join(", ")}`,
    `dev nDCG@10      ${before.toFixed(3)} -> ${after.toFixed(3)} (made-up vectors)`,
  ].join("\n");
}
