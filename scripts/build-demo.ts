/**
 * `npm run build:demo`: makes the demo corpus and encodes it into `scripts/demo-corpus/vectors` (committed). Needed after a
 * change of the corpus scripts or of the encoder. With `--check` nothing is encoded: exit code 1 when the committed
 * vectors do not belong to the corpus and the encoder.
 */
import { loadEncoder } from "../training/encoder/load-encoder.ts";
import { encodeCorpus } from "../training/indexing/encode-corpus.ts";
import { createProgress } from "../training/progress.ts";
import { DEMO_FOLDER, DEMO_VECTORS, ENCODER_FOLDER, findDemoDrift, writeDemoCorpus } from "./demo-corpus/demo-data.ts";
import { parseScriptFlags } from "./script-flags.ts";

const { values } = parseScriptFlags({ options: { check: { type: "boolean", default: false } } });
const corpus = await writeDemoCorpus(DEMO_FOLDER);
console.log(`${corpus.file}: ${corpus.count} passages, sha256 ${corpus.sha256}`);
const drift = await findDemoDrift(corpus.sha256);
if (drift === undefined) {
  console.log("The committed vectors belong to this corpus and this encoder.");
} else if (values.check) {
  console.error(`Drift: ${drift}. Run \`npm run build:demo\` and commit scripts/demo-corpus/vectors.`);
  process.exitCode = 1;
} else {
  console.log(`Encoding, because ${drift}.`);
  const { facts } = await encodeCorpus({
    corpus: corpus.file,
    output: DEMO_VECTORS,
    encoder: await loadEncoder(ENCODER_FOLDER),
    dtype: "int8",
    overwrite: true,
    progress: (options) => createProgress({ ...options, stream: process.stderr }),
  });
  console.log(JSON.stringify(facts, undefined, 2));
}
